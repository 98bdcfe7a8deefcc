//! Counts the calls of a registry, and how long each took, whatever keeps the records.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use crowd_protocol::{ProjectName, Release};
use futures_util::stream::BoxStream;
use metrics::{Histogram, counter, histogram};

use crate::{Change, Outcome, Record, Registry, RegistryError};

/// A registry whose calls by this node are counted.
pub struct Counted {
    registry: Arc<dyn Registry>,
    reads: Histogram,
    writes: Histogram,
}

impl Counted {
    /// Counts what is asked of `registry` through this value.
    pub fn new(registry: Arc<dyn Registry>) -> Self {
        let seconds = |hop: &'static str| histogram!("crowd_hop_seconds", "hop" => hop);
        Self { registry, reads: seconds("registry_read"), writes: seconds("registry_write") }
    }
}

#[async_trait]
impl Registry for Counted {
    fn id(&self) -> &str {
        self.registry.id()
    }

    async fn get(&self, project: &ProjectName) -> Result<Option<Arc<Record>>, RegistryError> {
        let call = Call::new("get", &self.reads);
        let found = self.registry.get(project).await;
        call.ended(found.as_ref().map_or_else(RegistryError::label, |_| "ok"));
        found
    }

    async fn compare_and_set(
        &self,
        release: &Release,
        expected: Option<u64>,
    ) -> Result<Outcome, RegistryError> {
        let call = Call::new("compare_and_set", &self.writes);
        let outcome = self.registry.compare_and_set(release, expected).await;
        call.ended(match &outcome {
            Ok(Outcome::Committed(_)) => "ok",
            Ok(Outcome::Conflict(_)) => "conflict",
            Err(error) => error.label(),
        });
        outcome
    }

    async fn watch(&self) -> Result<BoxStream<'static, Change>, RegistryError> {
        self.registry.watch().await
    }

    async fn len(&self) -> Result<u64, RegistryError> {
        self.registry.len().await
    }
}

/// One call; where it is dropped before it ended, nobody waited for it any longer.
struct Call<'a> {
    name: &'static str,
    seconds: &'a Histogram,
    began: Instant,
    outcome: &'static str,
}

impl<'a> Call<'a> {
    fn new(name: &'static str, seconds: &'a Histogram) -> Self {
        Self { name, seconds, began: Instant::now(), outcome: "abandoned" }
    }

    fn ended(mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.seconds.record(self.began.elapsed());
        counter!("crowd_registry_calls_total", "call" => self.name, "outcome" => self.outcome).increment(1);
    }
}
