//! Asks and slices of a link.

use bytes::Bytes;
use crowd_protocol::{ChunkHash, MAX_MANIFEST, ProjectName, TraceParent};
use tonic::Status;

use crate::{MAX_SLICE, checked_hash, checked_project, checked_version, v1};

/// An ask as it came, or goes, over a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkAsk {
    /// The asking node's number for it.
    pub id: u64,
    /// Of which project.
    pub project: ProjectName,
    /// A release that lists it.
    pub version: u64,
    /// Its name.
    pub hash: ChunkHash,
    /// Bytes of the answer at most.
    pub size: u32,
    /// It is a manifest.
    pub manifest: bool,
    /// `size` is exact.
    pub exact: bool,
    /// The span that asks.
    pub trace: Option<TraceParent>,
}

impl From<LinkAsk> for v1::Ask {
    fn from(ask: LinkAsk) -> Self {
        Self {
            id: ask.id,
            project: ask.project.as_str().to_owned(),
            version: ask.version,
            sha256: Bytes::copy_from_slice(ask.hash.as_bytes()),
            size: ask.size,
            manifest: ask.manifest,
            exact: ask.exact,
            traceparent: ask.trace.map(|trace| trace.to_string()).unwrap_or_default(),
        }
    }
}

impl TryFrom<v1::Ask> for LinkAsk {
    type Error = Status;

    fn try_from(ask: v1::Ask) -> Result<Self, Status> {
        if ask.size as usize > MAX_MANIFEST {
            return Err(Status::invalid_argument("no chunk or manifest has more than 1 MiB"));
        }
        Ok(Self {
            id: ask.id,
            project: checked_project(&ask.project)?,
            version: checked_version(ask.version)?,
            hash: checked_hash(&ask.sha256)?,
            size: ask.size,
            manifest: ask.manifest,
            exact: ask.exact,
            trace: TraceParent::parse(&ask.traceparent),
        })
    }
}

/// The slice of `answer` that begins at `offset`, and where the next one begins; none where this is the last.
pub fn slice_of(id: u64, answer: &Bytes, offset: usize) -> (v1::Slice, Option<usize>) {
    let end = answer.len().min(offset + MAX_SLICE);
    let bytes = answer.slice(offset..end);
    let slice = v1::Slice { id, offset: offset as u32, total: answer.len() as u32, bytes };
    (slice, (end < answer.len()).then_some(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask() -> LinkAsk {
        LinkAsk {
            id: 9,
            project: ProjectName::parse("site").unwrap(),
            version: 7,
            hash: ChunkHash::of(b"x"),
            size: 65_536,
            manifest: false,
            exact: true,
            trace: TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        }
    }

    #[test]
    fn an_ask_comes_as_it_went() {
        assert!(ask().trace.is_some());
        assert_eq!(LinkAsk::try_from(v1::Ask::from(ask())).unwrap(), ask());
        let untraced = LinkAsk { trace: None, ..ask() };
        assert_eq!(LinkAsk::try_from(v1::Ask::from(untraced.clone())).unwrap(), untraced);
    }

    #[test]
    fn a_bad_ask_is_refused() {
        let good = v1::Ask::from(ask());
        let bad = [
            v1::Ask { project: "No".into(), ..good.clone() },
            v1::Ask { version: 0, ..good.clone() },
            v1::Ask { sha256: Bytes::from_static(b"short"), ..good.clone() },
            v1::Ask { size: MAX_MANIFEST as u32 + 1, ..good },
        ];
        for ask in bad {
            assert!(LinkAsk::try_from(ask.clone()).is_err(), "{ask:?}");
        }
    }

    #[test]
    fn slices_add_up() {
        for size in [0, 1, MAX_SLICE, MAX_SLICE + 1, 262_144] {
            let answer = Bytes::from(vec![3; size]);
            let (mut at, mut whole, mut slices) = (Some(0), Vec::new(), 0);
            while let Some(offset) = at {
                let (slice, next) = slice_of(1, &answer, offset);
                assert_eq!((slice.offset as usize, slice.total as usize), (whole.len(), size));
                whole.extend_from_slice(&slice.bytes);
                (at, slices) = (next, slices + 1);
            }
            assert_eq!(whole, answer);
            assert_eq!(slices, size.div_ceil(MAX_SLICE).max(1));
        }
    }
}
