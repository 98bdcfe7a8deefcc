//! Following the changes in etcd, over the deaths of its members.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use etcd_client::{Client, Error, EventType, WatchOptions, WatchResponse, WatchStream};
use tokio::time::sleep;

use super::members::Patience;
use super::records::Records;
use crate::{Backoff, Change, RegistryError};

/// Time between two attempts to watch again: at first, and in the end.
const AGAIN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// A watch that goes on where it broke off.
pub(super) struct Watch {
    records: Arc<Records>,
    stream: Option<WatchStream>,
    /// The revision of the next change; none where etcd has forgotten what came after the last one.
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

    /// The next change. There is a [`Change::Missed`] at the begin and at the end of each interruption: while nobody is
    /// heard nothing that was cached may be trusted, nor what was read meanwhile.
    pub(super) async fn next(&mut self) -> Change {
        loop {
            if let Some(change) = self.waiting.pop_front() {
                return change;
            }
            let Some(stream) = &mut self.stream else {
                self.reopen().await;
                return Change::Missed;
            };
            match stream.message().await {
                Ok(Some(message)) if !message.canceled() => self.take(&message),
                ended => {
                    let why = match &ended {
                        Ok(Some(message)) => message.cancel_reason().to_owned(),
                        Ok(None) => "it ended".to_owned(),
                        Err(error) => error.to_string(),
                    };
                    tracing::warn!(why, "registry.watch_broke");
                    self.stream = None;
                    if matches!(&ended, Ok(Some(message)) if message.compact_revision() > 0) {
                        self.next = None;
                    }
                    return Change::Missed;
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
        while let Err(error) = self.try_again().await {
            tracing::debug!(%error, "registry.watch_failed");
        }
        tracing::info!(revision = self.next, "registry.watch_again");
        self.backoff.reset();
    }

    async fn try_again(&mut self) -> Result<(), RegistryError> {
        sleep(self.backoff.wait()).await;
        let next = match self.next {
            Some(next) => next,
            None => self.records.revision().await? + 1,
        };
        self.stream = Some(open(&self.records, next).await?);
        self.next = Some(next);
        Ok(())
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
