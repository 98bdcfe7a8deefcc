//! The members of etcd as one that answers while most of them do: the one that answered last is asked first, the
//! others when it does not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use etcd_client::{Client, Error};
use rand::RngExt;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::connect::{Failure, connect};
use super::{EtcdAccess, EtcdAddress};
use crate::{Breaker, RegistryError};

/// Between two rounds over all members, while they elect a leader for example.
const AGAIN: Duration = Duration::from_millis(100);

/// How long a call may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Until when, however many members are asked.
    give_up: Instant,
    /// The time that one member has.
    each: Duration,
}

impl Patience {
    /// For a read: less than the relay waits before it goes on with what it saw last.
    pub(super) fn read() -> Self {
        Self::of(Duration::from_millis(1_500), Duration::from_millis(500))
    }

    /// For a write, which ends on several disks, and may have to wait for a leader.
    pub(super) fn write() -> Self {
        Self::of(Duration::from_secs(5), Duration::from_millis(1_500))
    }

    fn of(all: Duration, each: Duration) -> Self {
        Self { give_up: Instant::now() + all, each }
    }
}

pub(super) struct Members {
    members: Vec<Member>,
    /// The one that answered last.
    preferred: AtomicUsize,
    access: EtcdAccess,
    breaker: Breaker,
}

struct Member {
    endpoint: String,
    /// Made at the first call, and anew after a failed one: with the certificates and the password of then.
    client: Mutex<Option<Client>>,
}

impl Members {
    pub(super) fn new(address: &EtcdAddress, access: EtcdAccess) -> Self {
        let member = |endpoint: &String| Member { endpoint: endpoint.clone(), client: Mutex::default() };
        let members: Vec<Member> = address.members().iter().map(member).collect();
        // The nodes of a cluster should not all ask the same one.
        let preferred = AtomicUsize::new(rand::rng().random_range(0..members.len()));
        Self { members, preferred, access, breaker: Breaker::default() }
    }

    /// [`Members::call`], but at once an error while etcd is known not to answer.
    pub(super) async fn read<T, F>(&self, ask: impl Fn(Client) -> F) -> Result<T, RegistryError>
    where
        F: Future<Output = Result<T, Error>>,
    {
        if !self.breaker.allows() {
            return Err(RegistryError::Unavailable("etcd does not answer".into()));
        }
        self.call(Patience::read(), ask).await
    }

    /// Asks one member after the other until one answers or says that it never will. So `ask` may be done several
    /// times, even where the answer says that it was done once.
    pub(super) async fn call<T, F>(
        &self,
        patience: Patience,
        ask: impl Fn(Client) -> F,
    ) -> Result<T, RegistryError>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut last = RegistryError::Unavailable("no member of etcd answered in time".into());
        while Instant::now() < patience.give_up {
            for _ in &self.members {
                let at = self.preferred.load(Ordering::Relaxed);
                let member = &self.members[at];
                let answer = timeout_at(patience.give_up, member.ask(&self.access, patience.each, &ask));
                match answer.await {
                    Ok(Ok(answer)) => {
                        self.breaker.succeeded();
                        return Ok(answer);
                    }
                    Ok(Err(Failure { error, passing: false })) => return Err(error),
                    Ok(Err(Failure { error, .. })) => last = error,
                    // What it was that took too long is what the one before said.
                    Err(_) => {}
                }
                member.forget();
                let next = (at + 1) % self.members.len();
                // Others may have found out as well.
                let _ = self.preferred.compare_exchange(at, next, Ordering::Relaxed, Ordering::Relaxed);
            }
            sleep(AGAIN).await;
        }
        self.breaker.failed();
        Err(last)
    }
}

impl Member {
    async fn ask<T, F>(
        &self,
        access: &EtcdAccess,
        limit: Duration,
        ask: &impl Fn(Client) -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let asked = async {
            // Logging in is made to be slow, by passwords' hashes.
            let client = timeout(2 * limit, self.client(access)).await.map_err(|_| Failure::late())??;
            let answer = timeout(limit, ask(client)).await.map_err(|_| Failure::late())?;
            answer.map_err(|error| Failure::of(error, access))
        };
        asked.await.map_err(|failure| self.named(failure))
    }

    async fn client(&self, access: &EtcdAccess) -> Result<Client, Failure> {
        if let Some(client) = self.slot().as_ref() {
            return Ok(client.clone());
        }
        let client = connect(&self.endpoint, access).await?;
        *self.slot() = Some(client.clone());
        Ok(client)
    }

    fn forget(&self) {
        *self.slot() = None;
    }

    fn slot(&self) -> MutexGuard<'_, Option<Client>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn named(&self, failure: Failure) -> Failure {
        let named = |why| format!("etcd at {}: {why}", self.endpoint);
        Failure { error: failure.error.map_text(named), ..failure }
    }
}
