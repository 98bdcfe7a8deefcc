//! The registry that another node keeps, over gRPC. Reads fail fast while it is down, so that the relay goes on with
//! what it saw last.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crowd_directory::NodeName;
use crowd_protocol::{ProjectName, Release};
use crowd_registry::{Change, Outcome, Record, Registry, RegistryError};
use crowd_rpc::v1::compare_and_set_reply::Outcome as OutcomeMessage;
use crowd_rpc::v1::registry_client::RegistryClient;
use crowd_rpc::v1::watch_reply::Change as ChangeMessage;
use crowd_rpc::{MAX_MESSAGE, v1};
use crowd_trace::Seldom;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::time::{sleep, timeout};
use tonic::{Code, Response, Status, Streaming};

use crate::backoff::Backoff;
use crate::breaker::Breaker;
use crate::dialer::{Dialer, Wire};
use crate::passport::Passport;
use crate::wire::read_record;
use crate::{ClusterError, Lines};

/// The time that a read has.
const READ: Duration = Duration::from_millis(1_500);
/// The time that a write has: it ends on a disk.
const WRITE: Duration = Duration::from_secs(5);
/// Time between two attempts to watch again: at first, and in the end.
const AGAIN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// A registry at another node.
#[derive(Clone)]
pub struct RemoteRegistry {
    id: Arc<str>,
    address: Arc<str>,
    dialer: Dialer,
    breaker: Arc<Breaker>,
}

impl RemoteRegistry {
    /// The registry `id` that the node at `keeper` (`HOST:PORT`, a leading `node://` is fine) keeps, for the node
    /// `me`. Connects at the first call.
    pub fn connect(
        keeper: &str,
        id: impl Into<Arc<str>>,
        me: &NodeName,
        lines: &Lines,
    ) -> Result<Self, ClusterError> {
        let id = id.into();
        let address = keeper.strip_prefix("node://").unwrap_or(keeper).into();
        let dialer = Dialer::new(Passport::new(Some(&id), me)?, lines.clone());
        // Refused here where it is no HOST:PORT.
        dialer.shared(&address)?;
        Ok(Self { id, address, dialer, breaker: Arc::default() })
    }

    fn client(&self) -> RegistryClient<Wire> {
        let wire = self.dialer.shared(&self.address).expect("its address was good when it was made");
        RegistryClient::new(wire).max_decoding_message_size(MAX_MESSAGE)
    }

    async fn call<T>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<Response<T>, Status>> + Send,
    ) -> Result<T, RegistryError> {
        let late = |_| Err(Status::deadline_exceeded("no answer in time"));
        let result = timeout(limit, call).await.unwrap_or_else(late);
        match &result {
            Err(status)
                if matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Unknown) =>
            {
                self.breaker.failed();
            }
            _ => self.breaker.succeeded(),
        }
        result.map(Response::into_inner).map_err(error_of)
    }

    /// [`RemoteRegistry::call`], but at once an error while the node is known not to answer.
    async fn read<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>> + Send,
    ) -> Result<T, RegistryError> {
        if !self.breaker.allows() {
            return Err(RegistryError::Unavailable("the node that keeps it does not answer".into()));
        }
        self.call(READ, call).await
    }

    async fn open_watch(&self) -> Result<Streaming<v1::WatchReply>, RegistryError> {
        let mut client = self.client();
        self.call(READ, client.watch(v1::WatchRequest {})).await
    }
}

#[async_trait]
impl Registry for RemoteRegistry {
    fn id(&self) -> &str {
        &self.id
    }

    async fn get(&self, project: &ProjectName) -> Result<Option<Arc<Record>>, RegistryError> {
        let request = v1::GetRequest { project: project.as_str().to_owned() };
        let mut client = self.client();
        let record = self.read(client.get(request)).await?.record.map(read_record).transpose();
        let record = record.map_err(damaged)?;
        match record {
            Some(record) if record.release.project != *project => {
                Err(RegistryError::Corrupt("it answered with the record of another project".into()))
            }
            record => Ok(record),
        }
    }

    async fn compare_and_set(
        &self,
        release: &Release,
        expected: Option<u64>,
    ) -> Result<Outcome, RegistryError> {
        let request = v1::CompareAndSetRequest { release: release.to_json(), expected };
        let mut client = self.client();
        let reply = self.call(WRITE, client.compare_and_set(request)).await?;
        match reply.outcome {
            Some(OutcomeMessage::Committed(record)) => {
                Ok(Outcome::Committed(read_record(record).map_err(damaged)?))
            }
            Some(OutcomeMessage::Conflict(v1::Conflict { current })) => {
                Ok(Outcome::Conflict(current.map(read_record).transpose().map_err(damaged)?))
            }
            None => Err(damaged(Status::unknown("there is no outcome"))),
        }
    }

    /// Goes on over interruptions, with a [`Change::Lost`] at the begin and a [`Change::Back`] at the end of each.
    async fn watch(&self) -> Result<BoxStream<'static, Change>, RegistryError> {
        let watch = Watch {
            registry: self.clone(),
            changes: Some(self.open_watch().await?),
            backoff: Backoff::new(AGAIN.0, AGAIN.1),
        };
        Ok(stream::unfold(watch, |mut watch| async move { Some((watch.next().await, watch)) }).boxed())
    }

    async fn len(&self) -> Result<u64, RegistryError> {
        let mut client = self.client();
        Ok(self.read(client.len(v1::LenRequest {})).await?.names)
    }
}

/// A watch that is opened again when it broke.
struct Watch {
    registry: RemoteRegistry,
    changes: Option<Streaming<v1::WatchReply>>,
    backoff: Backoff,
}

impl Watch {
    async fn next(&mut self) -> Change {
        static BROKE: Seldom = Seldom::new();
        static AGAIN: Seldom = Seldom::new();
        let Some(changes) = &mut self.changes else {
            loop {
                sleep(self.backoff.wait()).await;
                if let Ok(changes) = self.registry.open_watch().await {
                    self.changes = Some(changes);
                    if let Some(unsaid) = AGAIN.pass() {
                        tracing::info!(unsaid, "registry.watch_again");
                    }
                    return Change::Back;
                }
            }
        };
        let message = changes.message().await;
        // Not before: one that breaks whenever it is opened would be opened without a pause.
        if let Ok(Some(_)) = &message {
            self.backoff.reset();
        }
        match message {
            Ok(Some(v1::WatchReply { change: Some(ChangeMessage::Committed(record)) })) => {
                match read_record(record) {
                    Ok(record) => Change::Committed(record),
                    Err(status) => {
                        tracing::warn!(why = status.message(), "registry.bad_change");
                        Change::Missed
                    }
                }
            }
            Ok(Some(_)) => Change::Missed,
            ended => {
                let why = ended.err().map(|status| status.message().to_owned());
                if let Some(unsaid) = BROKE.pass() {
                    tracing::warn!(why, unsaid, "registry.watch_broke");
                }
                self.registry.breaker.failed();
                self.changes = None;
                Change::Lost
            }
        }
    }
}

fn damaged(status: Status) -> RegistryError {
    RegistryError::Corrupt(format!("its keeper's answer is not valid: {}", status.message()))
}

/// True where the node did not answer, whatever code the transport calls that.
fn is_unreachable(status: &Status) -> bool {
    let code = matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded);
    code || std::error::Error::source(status).is_some()
}

fn error_of(status: Status) -> RegistryError {
    let why = status.message().to_owned();
    match status.code() {
        _ if is_unreachable(&status) => RegistryError::Unavailable(why),
        Code::DataLoss => RegistryError::Corrupt(why),
        Code::Internal => RegistryError::Storage(why),
        _ => RegistryError::Unavailable(why),
    }
}
