//! [`Registry`] on etcd.

use std::sync::Arc;

use async_trait::async_trait;
use crowd_protocol::{ProjectName, Release};
use etcd_client::{Client, Compare, CompareOp, Txn, TxnOp, TxnOpResponse};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::keys::Keys;
use super::members::{Members, Patience};
use super::records::{Page, Records, Written, get, text};
use super::watch::Watch;
use super::{EtcdAccess, EtcdAddress};
use crate::archive::{Archive, Fate, fate_beside};
use crate::identity::{FORMAT, check_format, fresh_id};
use crate::{Change, Outcome, Record, Registry, RegistryError};

/// Records that are written at once while all of a registry is copied.
const WRITES_AT_ONCE: usize = 16;

/// The record in etcd, which all nodes of a cluster use alike.
pub(crate) struct EtcdRegistry {
    records: Arc<Records>,
}

impl EtcdRegistry {
    /// See [`super::open()`].
    pub(crate) async fn open(
        address: &EtcdAddress,
        access: EtcdAccess,
        id: Option<&str>,
    ) -> Result<Self, RegistryError> {
        let (members, keys) = (Members::new(address, access), Keys::new(address.prefix()));
        let id = id.map_or_else(fresh_id, |id| Ok(id.to_owned()))?;
        let both = [keys.format(), keys.id()];
        let create = both.iter().zip([FORMAT, &id]).map(|(key, value)| TxnOp::put(key.as_str(), value, None));
        let identify = Txn::new()
            .when([Compare::create_revision(both[1].as_str(), CompareOp::Equal, 0)])
            .and_then(create.collect::<Vec<_>>())
            .or_else(both.each_ref().map(|key| TxnOp::get(key.as_str(), None)));
        let identify = |mut client: Client| {
            let identify = identify.clone();
            async move { client.txn(identify).await }
        };
        let answer = members.call(Patience::write(), identify).await?;
        if answer.succeeded() {
            tracing::info!(%address, id, "registry.created");
            return Ok(Self { records: Arc::new(Records { members, keys, id }) });
        }
        match &answer.op_responses()[..] {
            [TxnOpResponse::Get(format), TxnOpResponse::Get(id)] => {
                check_format(text(format).as_deref())?;
                let id = text(id).ok_or_else(|| RegistryError::Corrupt("it has no id".into()))?;
                tracing::info!(%address, id, "registry.opened");
                Ok(Self { records: Arc::new(Records { members, keys, id }) })
            }
            _ => Err(RegistryError::Storage("etcd's answer to a transaction lacks what was asked".into())),
        }
    }

    /// See [`super::open_existing`].
    pub(crate) async fn open_existing(
        address: &EtcdAddress,
        access: EtcdAccess,
    ) -> Result<Option<Self>, RegistryError> {
        let (members, keys) = (Members::new(address, access), Keys::new(address.prefix()));
        let ask = async |key: String| {
            let answer = members.call(Patience::write(), |client| get(client, key.clone(), None));
            Ok(text(&answer.await?))
        };
        let Some(id) = ask(keys.id()).await? else { return Ok(None) };
        check_format(ask(keys.format()).await?.as_deref())?;
        Ok(Some(Self { records: Arc::new(Records { members, keys, id }) }))
    }

    /// Stores one record of another registry, if it may be.
    async fn restore_one(&self, record: &Record) -> Result<Fate, RegistryError> {
        let patience = Patience::write();
        let mut asked = self.records.get_within(&record.release.project, patience).await;
        loop {
            let current = asked.as_ref().map(|there| there.as_ref().map(|found| found.record.clone()));
            let fate = fate_beside(&current.map_err(Clone::clone), record)?;
            let there = match asked {
                Ok(there) if fate.is_written() => there,
                _ => return Ok(fate),
            };
            asked = match self.records.replace(there.as_ref(), record, patience).await {
                Ok(Written::Done) => return Ok(fate),
                Ok(Written::Found(other)) => Ok(other),
                Err(error) => Err(error),
            };
        }
    }
}

#[async_trait]
impl Registry for EtcdRegistry {
    fn id(&self) -> &str {
        &self.records.id
    }

    async fn get(&self, project: &ProjectName) -> Result<Option<Arc<Record>>, RegistryError> {
        Ok(self.records.get(project).await?.map(|found| found.record))
    }

    async fn compare_and_set(
        &self,
        release: &Release,
        expected: Option<u64>,
    ) -> Result<Outcome, RegistryError> {
        self.records.claim(release, expected).await
    }

    async fn watch(&self) -> Result<BoxStream<'static, Change>, RegistryError> {
        let watch = Watch::start(self.records.clone()).await?;
        Ok(stream::unfold(watch, |mut watch| async move { Some((watch.next().await, watch)) }).boxed())
    }

    async fn len(&self) -> Result<u64, RegistryError> {
        self.records.len().await
    }
}

#[async_trait]
impl Archive for EtcdRegistry {
    fn records(&self) -> BoxStream<'_, Vec<Result<Arc<Record>, RegistryError>>> {
        let first = Some((self.records.keys.records().into_bytes(), 0));
        let pages = stream::unfold(first, async |at| {
            let (key, revision) = at?;
            match self.records.page(key, revision).await {
                Ok(Page { records, revision, next }) => Some((records, next.map(|key| (key, revision)))),
                Err(error) => Some((vec![Err(error)], None)),
            }
        });
        pages.boxed()
    }

    async fn restore(&self, records: &[Arc<Record>]) -> Result<Vec<Fate>, RegistryError> {
        let writes = records.iter().map(|record| self.restore_one(record));
        let fates = stream::iter(writes.collect::<Vec<_>>()).buffered(WRITES_AT_ONCE);
        fates.collect::<Vec<_>>().await.into_iter().collect()
    }
}
