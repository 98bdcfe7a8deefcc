//! The port that the rest of a node works with: one trait, whatever keeps the records.

use std::sync::Arc;

use async_trait::async_trait;
use crowd_protocol::{ProjectName, Release};
use futures_util::stream::BoxStream;

use crate::{Record, RegistryError};

/// What a compare-and-set came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Stored, durably; this is the record now.
    Committed(Arc<Record>),
    /// Something else was found, and nothing changed; this is the record (`None`: the name is free).
    Conflict(Option<Arc<Record>>),
}

/// News from a registry.
#[derive(Debug, Clone)]
pub enum Change {
    /// This is the record now. It comes after the commit, and in its order.
    Committed(Arc<Record>),
    /// Changes were missed: whatever was cached may be old.
    Missed,
    /// From now on changes are not heard of. Nothing that was cached may be trusted, nor what is read until
    /// [`Change::Back`].
    Lost,
    /// They are heard of again. Those between may have been missed, as with [`Change::Missed`].
    Back,
}

/// The durable record name → release.
#[async_trait]
#[expect(clippy::len_without_is_empty, reason = "a count for the status page, not a collection")]
pub trait Registry: Send + Sync + 'static {
    /// Identifies the record itself: two clusters with different ids must not be joined.
    fn id(&self) -> &str;

    /// What is recorded of `project`; `None` for a free name.
    async fn get(&self, project: &ProjectName) -> Result<Option<Arc<Record>>, RegistryError>;

    /// Stores `release` where the newest stored version is `expected` (`None`: the name is free). Durable before it
    /// returns. Another owner's name and a version that is not higher are a conflict, whatever was expected.
    ///
    /// After an error, or where the future is dropped, it may have been stored or not: [`Registry::get`] tells.
    async fn compare_and_set(
        &self,
        release: &Release,
        expected: Option<u64>,
    ) -> Result<Outcome, RegistryError>;

    /// Every change from now on, until the registry ends; a registry elsewhere says when it is [lost](Change::Lost) and
    /// [back](Change::Back). Watch first, then [`Registry::get`]: together they miss
    /// nothing.
    async fn watch(&self) -> Result<BoxStream<'static, Change>, RegistryError>;

    /// How many names are taken.
    async fn len(&self) -> Result<u64, RegistryError>;
}
