//! All records of a registry, for copying them into another one: by that a cluster moves, and backups are made.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::{Record, Registry, RegistryError};

/// A registry whose records can be read all, and that takes another one's as they are.
#[async_trait]
pub trait Archive: Registry {
    /// Every record, some at a time. A damaged one is an error in its place; after any other error there are no more.
    fn records(&self) -> BoxStream<'_, Vec<Result<Arc<Record>, RegistryError>>>;

    /// Stores those of `records` that may be stored, durably, and says what became of each, in their order. Their
    /// signatures are not asked about. After an error some of them may be stored.
    async fn restore(&self, records: &[Arc<Record>]) -> Result<Vec<Fate>, RegistryError>;
}

/// What becomes of a record that is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The name was free.
    Added,
    /// An older version was there.
    Updated,
    /// The very same release is there.
    Same,
    /// A newer version is there, and stays.
    Newer,
    /// Another release of the same version is there, and stays.
    Differs,
    /// The name belongs to another key there, and stays its.
    Taken,
    /// It is not whole or not signed by its owner, or what is recorded there is not: both stay as they are.
    Damaged,
}

impl Fate {
    /// True where the record was stored.
    pub fn is_written(self) -> bool {
        matches!(self, Self::Added | Self::Updated)
    }
}

/// What becomes of `record` where `asked` was found of its name; errors but those of damage are passed on.
pub(crate) fn fate_beside(
    asked: &Result<Option<Arc<Record>>, RegistryError>,
    record: &Record,
) -> Result<Fate, RegistryError> {
    match asked {
        Ok(current) => Ok(fate(current.as_deref(), record)),
        Err(RegistryError::Corrupt(_)) => Ok(Fate::Damaged),
        Err(error) => Err(error.clone()),
    }
}

fn fate(current: Option<&Record>, record: &Record) -> Fate {
    let Some(Record { release: current, .. }) = current else { return Fate::Added };
    let release = &record.release;
    match release.version.cmp(&current.version) {
        _ if current.owner != release.owner => Fate::Taken,
        _ if current == release => Fate::Same,
        std::cmp::Ordering::Greater => Fate::Updated,
        std::cmp::Ordering::Equal => Fate::Differs,
        std::cmp::Ordering::Less => Fate::Newer,
    }
}

/// One step of [`copy`].
#[derive(Debug, Clone)]
pub struct Copied {
    /// The name; of a damaged record, what is wrong with it.
    pub what: String,
    /// What became of it.
    pub fate: Fate,
}

/// Where records go.
#[derive(Clone, Copy)]
pub enum Target<'t> {
    /// Into this registry.
    Into(&'t dyn Archive),
    /// Nowhere: it is only told what would happen. None is a registry that is still to be made.
    Trial(Option<&'t dyn Archive>),
}

/// Copies all records of `from`, and tells of each. Records of other owners and of newer versions stay in the target,
/// so that it can be done again and again. What is published in `from` meanwhile may be left out.
pub async fn copy(
    from: &dyn Archive,
    to: Target<'_>,
    mut tell: impl FnMut(Copied) + Send,
) -> Result<(), RegistryError> {
    let mut pages = from.records();
    while let Some(page) = pages.next().await {
        let mut whole = Vec::with_capacity(page.len());
        for record in page {
            match record.and_then(verified) {
                Ok(record) => whole.push(record),
                Err(RegistryError::Corrupt(what)) => tell(Copied { what, fate: Fate::Damaged }),
                Err(error) => return Err(error),
            }
        }
        let fates = match to {
            Target::Into(to) => to.restore(&whole).await?,
            Target::Trial(to) => trial(to, &whole).await?,
        };
        for (record, fate) in whole.iter().zip(fates) {
            tell(Copied { what: record.release.project.to_string(), fate });
        }
    }
    Ok(())
}

fn verified(record: Arc<Record>) -> Result<Arc<Record>, RegistryError> {
    let unsigned = |error| RegistryError::Corrupt(format!("{}: {error}", record.release.project));
    record.release.verify().map_err(unsigned)?;
    Ok(record)
}

async fn trial(to: Option<&dyn Archive>, records: &[Arc<Record>]) -> Result<Vec<Fate>, RegistryError> {
    let mut fates = Vec::with_capacity(records.len());
    for record in records {
        let asked = match to {
            Some(to) => to.get(&record.release.project).await,
            None => Ok(None),
        };
        fates.push(fate_beside(&asked, record)?);
    }
    Ok(fates)
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
