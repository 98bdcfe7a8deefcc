//! Following the changes in etcd, over the deaths of its members.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crowd_trace::Seldom;
use etcd_client::{Client, Error, EventType, WatchOptions, WatchResponse, WatchStream};
use tokio::time::{sleep, timeout};

use super::members::Patience;
use super::records::{Records, is_too_large};
use crate::{Backoff, Change, RegistryError};

/// Time between two attempts to watch again: at first, and in the end.
const AGAIN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// After so long without a word etcd is asked whether it still watches.
const QUIET: Duration = Duration::from_secs(10);
/// How long it has for its answer.
const SIGN: Duration = Duration::from_secs(5);

/// A watch that goes on where it broke off.
pub(super) struct Watch {
    records: Arc<Records>,
    stream: Option<WatchStream>,
    /// The revision of the next change; none where etcd has forgotten what came after the last one, or cannot tell it.
    next: Option<i64>,
    /// Changes that came together with one that was given out.
    waiting: VecDeque<Change>,
    backoff: Backoff,
}

impl Watch {
    /// Watches everything that is committed from now on. What etcd is at is asked of its leader: a member may be behind,
    /// and would tell of what was before.
    pub(super) async fn start(records: Arc<Records>) -> Result<Self, RegistryError> {
        let next = records.revision().await? + 1;
        let stream = Some(open(&records, next).await?);
        let (waiting, backoff) = (VecDeque::new(), Backoff::new(AGAIN.0, AGAIN.1));
        Ok(Self { records, stream, next: Some(next), waiting, backoff })
    }

    /// The next change. There is a [`Change::Lost`] at the begin of each interruption and a [`Change::Back`] at its end.
    pub(super) async fn next(&mut self) -> Change {
        static BROKE: Seldom = Seldom::new();
        loop {
            if let Some(change) = self.waiting.pop_front() {
                return change;
            }
            let Some(stream) = &mut self.stream else {
                self.reopen().await;
                return Change::Back;
            };
            match hear(stream).await {
                Ok(message) => {
                    // Not before: one that breaks whenever it is opened would be opened without a pause.
                    self.backoff.reset();
                    self.take(&message);
                }
                Err(Broke { why, past }) => {
                    if let Some(unsaid) = BROKE.pass() {
                        tracing::warn!(why, unsaid, "registry.watch_broke");
                    }
                    self.stream = None;
                    self.next = self.next.filter(|_| !past);
                    return Change::Lost;
                }
            }
        }
    }

    fn take(&mut self, message: &WatchResponse) {
        for event in message.events() {
            let Some(pair) = event.kv() else { continue };
            self.next = Some(pair.mod_revision() + 1);
            self.waiting.push_back(match (event.event_type(), self.records.record_of(pair)) {
                (EventType::Put, Ok(record)) => Change::Committed(record),
                (EventType::Put, Err(error)) => {
                    tracing::warn!(%error, "registry.bad_change");
                    Change::Missed
                }
                // No node does that; whoever did means that what was cached is not to be used.
                (EventType::Delete, _) => Change::Missed,
            });
        }
        // A sign of life, so that little has to be told again after a quiet time.
        if message.events().is_empty()
            && let Some(header) = message.header()
        {
            self.next = self.next.max(Some(header.revision() + 1));
        }
    }

    async fn reopen(&mut self) {
        static AGAIN: Seldom = Seldom::new();
        let mut told = false;
        while let Err(error) = self.try_again().await {
            match error {
                RegistryError::Corrupt(_) if !told => {
                    told = true;
                    tracing::error!(%error, "registry.replaced");
                }
                error => tracing::debug!(%error, "registry.watch_failed"),
            }
        }
        if let Some(unsaid) = AGAIN.pass() {
            tracing::info!(revision = self.next, unsaid, "registry.watch_again");
        }
    }

    async fn try_again(&mut self) -> Result<(), RegistryError> {
        sleep(self.backoff.wait()).await;
        // Restored from a backup, etcd is at less than it was, and would say nothing until it is there again.
        let now = self.records.revision().await? + 1;
        let next = self.next.map_or(now, |next| next.min(now));
        self.stream = Some(open(&self.records, next).await?);
        self.next = Some(next);
        Ok(())
    }
}

/// Why a watch broke.
struct Broke {
    why: String,
    /// What came after the last change that was heard of cannot be told any more.
    past: bool,
}

impl Broke {
    fn of(error: &Error) -> Self {
        Self { why: error.to_string(), past: is_too_large(error) }
    }
}

/// The next message. After a quiet time etcd is asked for a sign of life: where even that does not come, the watch stands
/// still, whatever its connection does.
async fn hear(stream: &mut WatchStream) -> Result<WatchResponse, Broke> {
    let message = match timeout(QUIET, stream.message()).await {
        Ok(message) => message,
        Err(_) => {
            stream.request_progress().await.map_err(|error| Broke::of(&error))?;
            let still = |_| Broke { why: "it stands still".to_owned(), past: false };
            timeout(SIGN, stream.message()).await.map_err(still)?
        }
    };
    match message.map_err(|error| Broke::of(&error))? {
        Some(message) if message.canceled() => {
            let past = message.compact_revision() > 0;
            Err(Broke { why: message.cancel_reason().to_owned(), past })
        }
        Some(message) => Ok(message),
        None => Err(Broke { why: "it ended".to_owned(), past: false }),
    }
}

/// A watch of all records from `revision` on, once etcd has confirmed it. Where it no longer knows what happened since
/// then, that is the first thing it says afterwards.
async fn open(records: &Records, revision: i64) -> Result<WatchStream, RegistryError> {
    let options = WatchOptions::new().with_prefix().with_start_revision(revision).with_progress_notify();
    let key = records.keys.records();
    records.members.call(Patience::read(), |client| begin(client, key.clone(), options.clone())).await
}

async fn begin(mut client: Client, key: String, options: WatchOptions) -> Result<WatchStream, Error> {
    let mut stream = client.watch(key, Some(options)).await?;
    match stream.message().await? {
        Some(message) if message.created() && !message.canceled() => Ok(stream),
        Some(message) => Err(Error::WatchError(message.cancel_reason().to_owned())),
        None => Err(Error::WatchError("it ended before it began".to_owned())),
    }
}
