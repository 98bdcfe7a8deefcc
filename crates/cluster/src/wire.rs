//! Rows and records between their own types and the messages they travel in. What comes in is checked.

use std::sync::Arc;

use crowd_directory::{Hosting, MAX_PEER_ID, MAX_SAMPLE, Row};
use crowd_protocol::{MAX_VERSION, ProjectName};
use crowd_registry::{MAX_OLDER, Older, Record};
use crowd_rpc::{MAX_FOUND_ROWS, MAX_ROWS_A_MESSAGE, v1};
use crowd_rpc::{checked_hash, checked_node_name, checked_project, checked_version, verified_release};
use tonic::Status;

pub(crate) fn announced_row((project, hosting): &(ProjectName, Hosting)) -> v1::AnnouncedRow {
    v1::AnnouncedRow { project: project.as_str().to_owned(), hosting: Some(hosting_message(hosting)) }
}

/// The rows of one message: no more than it may have, each with a valid name.
pub(crate) fn read_rows(rows: Vec<v1::AnnouncedRow>) -> Result<Vec<(ProjectName, Hosting)>, Status> {
    if rows.len() > MAX_ROWS_A_MESSAGE {
        return Err(Status::invalid_argument("a message has at most 1,000 rows"));
    }
    rows.into_iter().map(|row| Ok((checked_project(&row.project)?, read_hosting(row.hosting)?))).collect()
}

pub(crate) fn found_rows(rows: &[Row]) -> Vec<v1::FoundRow> {
    let row = |row: &Row| v1::FoundRow {
        node: row.node.as_str().to_owned(),
        hosting: Some(hosting_message(&row.hosting)),
    };
    rows.iter().take(MAX_FOUND_ROWS).map(row).collect()
}

/// The answer to a lookup. Rows past the limit are left out: there are hosts enough.
pub(crate) fn read_found(rows: Vec<v1::FoundRow>) -> Result<Vec<Row>, Status> {
    let row = |row: v1::FoundRow| {
        Ok(Row { node: checked_node_name(&row.node)?.into(), hosting: read_hosting(row.hosting)? })
    };
    rows.into_iter().take(MAX_FOUND_ROWS).map(row).collect()
}

fn hosting_message(hosting: &Hosting) -> v1::Hosting {
    let sample = hosting.sample.iter().map(|id| id.to_string()).collect();
    v1::Hosting { version: hosting.version, all: hosting.all, part: hosting.part, sample }
}

fn read_hosting(hosting: Option<v1::Hosting>) -> Result<Hosting, Status> {
    let v1::Hosting { version, all, part, sample } = hosting.unwrap_or_default();
    if version > MAX_VERSION {
        return Err(Status::invalid_argument("a version is at most 2^53-1"));
    }
    if sample.len() > MAX_SAMPLE || sample.iter().any(|id| id.len() > MAX_PEER_ID) {
        return Err(Status::invalid_argument("a sample has at most 4 ids of 128 bytes"));
    }
    Ok(Hosting { version, all, part, sample: sample.into_iter().map(Into::into).collect() })
}

pub(crate) fn record_message(record: &Record) -> v1::Record {
    let older = |older: &Older| v1::OlderRelease {
        version: older.version,
        manifest: older.manifest.as_bytes().to_vec().into(),
    };
    v1::Record { release: record.release.to_json(), older: record.older.iter().map(older).collect() }
}

/// A record whose release is signed by its owner, and whose older versions fall.
pub(crate) fn read_record(record: v1::Record) -> Result<Arc<Record>, Status> {
    let release = verified_release(&record.release)?;
    if record.older.len() > MAX_OLDER {
        return Err(Status::invalid_argument("a record has at most 8 older releases"));
    }
    let older = |older: v1::OlderRelease| {
        Ok(Older { version: checked_version(older.version)?, manifest: checked_hash(&older.manifest)? })
    };
    let older = record.older.into_iter().map(older).collect::<Result<Vec<_>, Status>>()?;
    let versions = std::iter::once(release.version).chain(older.iter().map(|older| older.version));
    if !versions.is_sorted_by(|newer, older| newer > older) {
        return Err(Status::invalid_argument("the older versions are not in falling order"));
    }
    Ok(Arc::new(Record { release, older }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crowd_registry::contract::release;

    #[test]
    fn rows_come_as_they_went() {
        let hosting = Hosting { version: 3, all: 2, part: 1, sample: vec!["peer".into()] };
        let rows =
            vec![("site".parse().unwrap(), hosting.clone()), ("gone".parse().unwrap(), Hosting::none())];
        assert_eq!(read_rows(rows.iter().map(announced_row).collect()).unwrap(), rows);
        let found = vec![Row { node: "a".into(), hosting }];
        assert_eq!(read_found(found_rows(&found)).unwrap(), found);
    }

    #[test]
    fn bad_rows_are_refused() {
        let row =
            |project: &str, hosting| v1::AnnouncedRow { project: project.into(), hosting: Some(hosting) };
        let long = v1::Hosting { sample: vec!["x".repeat(129)], ..Default::default() };
        let many = v1::Hosting { sample: vec![String::new(); 5], ..Default::default() };
        let version = v1::Hosting { version: 1 << 53, ..Default::default() };
        for hosting in [long, many, version] {
            assert!(read_rows(vec![row("site", hosting)]).is_err());
        }
        assert!(read_rows(vec![row("No Name", Default::default())]).is_err());
        assert!(read_rows(vec![row("site", Default::default()); 1_001]).is_err());
        assert!(read_found(vec![v1::FoundRow { node: "a b".into(), hosting: None }]).is_err());
    }

    #[test]
    fn records_are_verified() {
        let record = Record::succeed(None, release("site", 1, 1));
        let record = Record::succeed(Some(&record), release("site", 1, 2));
        let message = record_message(&record);
        assert_eq!(*read_record(message.clone()).unwrap(), record);
        let forged = v1::Record { release: message.release.replace(":2,", ":3,"), ..message.clone() };
        assert!(read_record(forged).is_err());
        let mut rising = message;
        rising.older[0].version = 2;
        assert!(read_record(rising).is_err());
    }
}
