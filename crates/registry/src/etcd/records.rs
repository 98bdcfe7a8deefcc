//! The records in etcd: read one, replace one where nobody else did meanwhile, read all. What comes out is checked, for
//! others can write there too.

use std::sync::Arc;

use crowd_protocol::{ProjectName, Release};
use etcd_client::{
    Client, Compare, CompareOp, Error, GetOptions, GetResponse, KeyValue, Txn, TxnOp, TxnOpResponse,
    TxnResponse,
};
use tonic::Code;

use super::keys::Keys;
use super::members::{Members, Patience};
use crate::admission::may_replace;
use crate::{Outcome, Record, RegistryError};

/// Records in one answer, of two kilobytes each.
const PAGE: i64 = 256;
/// How often another claim of the same name may come first before this one gives up.
const RACES: usize = 8;

pub(super) struct Records {
    pub(super) members: Members,
    pub(super) keys: Keys,
    /// The registry's. Nothing is read or written where etcd has another one, or none: somebody emptied it, or began
    /// another registry there.
    pub(super) id: String,
}

/// A record, and etcd's revision that wrote it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) record: Arc<Record>,
    revision: i64,
}

/// What a guarded write came to.
pub(super) enum Written {
    Done,
    /// Something else is there.
    Found(Option<Found>),
}

impl Records {
    pub(super) async fn get(&self, project: &ProjectName) -> Result<Option<Found>, RegistryError> {
        let ask = self.ask(project);
        self.found(project, &self.members.read(|client| transact(client, ask.clone())).await?)
    }

    /// Like a compare-and-set of the registry. Where an answer was lost and the release is found when it is tried again,
    /// it was this claim that stored it, or another one of the very same release.
    pub(super) async fn claim(
        &self,
        release: &Release,
        expected: Option<u64>,
    ) -> Result<Outcome, RegistryError> {
        let patience = Patience::write();
        let project = &release.project;
        let mut there = self.get_within(project, patience).await?;
        for race in 0..RACES {
            let current = there.as_ref().map(|found| found.record.clone());
            if let Some(record) = current.as_ref().filter(|record| race > 0 && record.release == *release) {
                return Ok(Outcome::Committed(record.clone()));
            }
            if !may_replace(current.as_deref(), release, expected) {
                return Ok(Outcome::Conflict(current));
            }
            let record = Record::succeed(current.as_deref(), release.clone());
            match self.replace(there.as_ref(), &record, patience).await? {
                Written::Done => return Ok(Outcome::Committed(Arc::new(record))),
                Written::Found(other) => there = other,
            }
        }
        Err(RegistryError::Unavailable("others write this name all the time".into()))
    }

    /// Writes `record` where what is there of its name is `there`, and nothing newer.
    pub(super) async fn replace(
        &self,
        there: Option<&Found>,
        record: &Record,
        patience: Patience,
    ) -> Result<Written, RegistryError> {
        let project = &record.release.project;
        let (key, value) = (self.keys.record(project), record.to_json());
        // 0 is the revision of what is not there.
        let revision = there.map_or(0, |found| found.revision);
        let unchanged = Compare::mod_revision(key.clone(), CompareOp::Equal, revision);
        let same_registry = Compare::value(self.keys.id(), CompareOp::Equal, self.id.as_str());
        let write = Txn::new()
            .when([same_registry, unchanged])
            .and_then([TxnOp::put(key.clone(), value, None)])
            .or_else(self.reads(project));
        let answer = self.members.call(patience, |client| transact(client, write.clone())).await?;
        if answer.succeeded() {
            return Ok(Written::Done);
        }
        Ok(Written::Found(self.found(project, &answer)?))
    }

    pub(super) async fn get_within(
        &self,
        project: &ProjectName,
        patience: Patience,
    ) -> Result<Option<Found>, RegistryError> {
        let ask = self.ask(project);
        self.found(project, &self.members.call(patience, |client| transact(client, ask.clone())).await?)
    }

    /// Asks what is recorded of `project`, and in which registry.
    fn ask(&self, project: &ProjectName) -> Txn {
        Txn::new().and_then(self.reads(project))
    }

    fn reads(&self, project: &ProjectName) -> [TxnOp; 2] {
        [self.keys.id(), self.keys.record(project)].map(|key| TxnOp::get(key, None))
    }

    /// What [`Records::reads`] came to.
    fn found(&self, project: &ProjectName, answer: &TxnResponse) -> Result<Option<Found>, RegistryError> {
        match &answer.op_responses()[..] {
            [TxnOpResponse::Get(id), TxnOpResponse::Get(record)] => {
                self.check_id(id)?;
                found(project, record.kvs())
            }
            _ => Err(RegistryError::Storage("etcd's answer to a transaction lacks what was asked".into())),
        }
    }

    fn check_id(&self, answer: &GetResponse) -> Result<(), RegistryError> {
        let there = text(answer);
        if there.as_ref() == Some(&self.id) {
            return Ok(());
        }
        let there = there.map_or("none".to_owned(), |id| format!("the registry {id}"));
        let (prefix, id) = (self.keys.prefix(), &self.id);
        let why = format!("etcd has {there} at {prefix}, where {id} was: restore that, or stop all nodes");
        Err(RegistryError::Corrupt(why))
    }

    pub(super) async fn len(&self) -> Result<u64, RegistryError> {
        let options = GetOptions::new().with_prefix().with_count_only();
        let (key, options) = (self.keys.records(), Some(options));
        let answer = self.members.read(|client| get(client, key.clone(), options.clone())).await?;
        Ok(u64::try_from(answer.count()).unwrap_or_default())
    }

    /// The records from `key` on, as they were at `revision` (now, where that is 0). A damaged one is an error of its
    /// own.
    pub(super) async fn page(&self, key: Vec<u8>, revision: i64) -> Result<Page, RegistryError> {
        let options = GetOptions::new().with_range(self.keys.after_records());
        let options = options.with_revision(revision);
        let ask = |client| get_fewer(client, key.clone(), options.clone());
        let answer = self.members.call(Patience::write(), ask).await?;
        let revision = if revision == 0 { revision_of(&answer) } else { revision };
        let next = answer.more().then(|| answer.kvs().last()).flatten();
        let next = next.map(|last| [last.key(), b"\0"].concat());
        let records = answer.kvs().iter().map(|pair| self.record_of(pair)).collect();
        Ok(Page { records, revision, next })
    }

    /// The record that a key and its value are.
    pub(super) fn record_of(&self, pair: &KeyValue) -> Result<Arc<Record>, RegistryError> {
        let project = self.keys.project(pair.key()).ok_or_else(|| {
            RegistryError::Corrupt(format!("{} is no name", String::from_utf8_lossy(pair.key())))
        })?;
        checked(&project, pair.value())
    }

    /// The revision that etcd is at, by its leader's word. [`RegistryError::Corrupt`] where it no longer has this
    /// registry.
    pub(super) async fn revision(&self) -> Result<i64, RegistryError> {
        let key = self.keys.id();
        // Not as one that fails at once: it is asked by who tries until etcd is back.
        let ask = |client| get(client, key.clone(), None);
        let answer = self.members.call(Patience::read(), ask).await?;
        self.check_id(&answer)?;
        Ok(revision_of(&answer))
    }
}

/// Some of the records.
pub(super) struct Page {
    pub(super) records: Vec<Result<Arc<Record>, RegistryError>>,
    pub(super) revision: i64,
    /// Where the next page begins, where there is one.
    pub(super) next: Option<Vec<u8>>,
}

/// A linearizable read.
pub(super) async fn get(
    mut client: Client,
    key: impl Into<Vec<u8>>,
    options: Option<GetOptions>,
) -> Result<GetResponse, Error> {
    client.get(key, options).await
}

/// [`get`] of a page, of fewer keys where so many don't fit into a message: others can write there too.
async fn get_fewer(mut client: Client, key: Vec<u8>, options: GetOptions) -> Result<GetResponse, Error> {
    let mut limit = PAGE;
    loop {
        match client.get(key.clone(), Some(options.clone().with_limit(limit))).await {
            Err(error) if is_too_large(&error) && limit > 1 => limit /= 2,
            answer => return answer,
        }
    }
}

/// True where a message is larger than this side takes.
pub(super) fn is_too_large(error: &Error) -> bool {
    matches!(error, Error::GRpcStatus(status) if status.code() == Code::OutOfRange)
}

/// Also where it only reads: then it is linearizable, too.
async fn transact(mut client: Client, transaction: Txn) -> Result<TxnResponse, Error> {
    client.txn(transaction).await
}

pub(super) fn text(answer: &GetResponse) -> Option<String> {
    answer.kvs().first().map(|pair| String::from_utf8_lossy(pair.value()).into_owned())
}

fn revision_of(answer: &GetResponse) -> i64 {
    answer.header().map_or(0, etcd_client::ResponseHeader::revision)
}

fn found(project: &ProjectName, pairs: &[KeyValue]) -> Result<Option<Found>, RegistryError> {
    let found = |pair: &KeyValue| {
        Ok(Found { record: checked(project, pair.value())?, revision: pair.mod_revision() })
    };
    pairs.first().map(found).transpose()
}

fn checked(project: &ProjectName, json: &[u8]) -> Result<Arc<Record>, RegistryError> {
    let record = Record::stored_as(project, json)?;
    let damaged = |error| RegistryError::Corrupt(format!("the release of {project}: {error}"));
    record.release.verify().map_err(damaged)?;
    Ok(record)
}
