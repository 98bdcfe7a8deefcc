//! Whether a release may follow what is recorded of its name. Pure: asked before the manifest is fetched, and once
//! more by the registry at the moment of commit.

use crowd_protocol::{ErrorCode, Release, WireError};

use crate::Record;

/// What accepting a release would mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The very same release is recorded: accept it, change nothing.
    Same,
    /// It is news.
    Newer {
        /// The version that `compare_and_set` has to find; `None` for a free name.
        expected: Option<u64>,
    },
}

/// What accepting `release` would mean where `current` is recorded of its project. `name_taken` where another key
/// owns the name, else `stale_version` where this version, and not this very release, or a higher one is recorded.
pub fn admit(current: Option<&Record>, release: &Release) -> Result<Admission, WireError> {
    let Some(Record { release: newest, .. }) = current else {
        return Ok(Admission::Newer { expected: None });
    };
    if newest.owner != release.owner {
        return Err(WireError::new(ErrorCode::NameTaken, "this name is owned by another key"));
    }
    if newest == release {
        return Ok(Admission::Same);
    }
    if release.version <= newest.version {
        let message = format!("version {} is recorded: publish a higher one", newest.version);
        return Err(WireError::new(ErrorCode::StaleVersion, message));
    }
    Ok(Admission::Newer { expected: Some(newest.version) })
}

/// What a compare-and-set has to find to store `release`: version `expected`, and, whatever the caller saw, neither
/// another owner nor a version that is not lower.
pub(crate) fn may_replace(current: Option<&Record>, release: &Release, expected: Option<u64>) -> bool {
    admit(current, release) == Ok(Admission::Newer { expected })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::release;

    #[test]
    fn the_table_of_outcomes() {
        let current = Record::succeed(None, release("site", 1, 7));
        let mut later = release("site", 1, 7);
        later.created = "2031-01-01T00:00:00Z".into();
        let mut signature = release("site", 1, 7);
        signature.signature[0] ^= 1;

        let newer = |expected| Ok(Admission::Newer { expected });
        let table = [
            ("a free name", None, release("site", 1, 1), newer(None)),
            ("a free name, any version", None, release("site", 1, 9), newer(None)),
            ("the very same", Some(&current), release("site", 1, 7), Ok(Admission::Same)),
            ("newer", Some(&current), release("site", 1, 8), newer(Some(7))),
            ("newer by far", Some(&current), release("site", 1, 800), newer(Some(7))),
            ("older", Some(&current), release("site", 1, 6), Err(ErrorCode::StaleVersion)),
            ("another time", Some(&current), later, Err(ErrorCode::StaleVersion)),
            ("another signature", Some(&current), signature, Err(ErrorCode::StaleVersion)),
            ("another key, newer", Some(&current), release("site", 2, 8), Err(ErrorCode::NameTaken)),
            ("another key before older", Some(&current), release("site", 2, 6), Err(ErrorCode::NameTaken)),
            ("another key, same version", Some(&current), release("site", 2, 7), Err(ErrorCode::NameTaken)),
        ];
        for (case, current, release, outcome) in table {
            assert_eq!(admit(current, &release).map_err(|error| error.code), outcome, "{case}");
        }
    }

    #[test]
    fn nothing_is_replaced_by_what_was_not_seen() {
        let current = Record::succeed(None, release("site", 1, 7));
        assert!(may_replace(None, &release("site", 1, 1), None));
        assert!(may_replace(Some(&current), &release("site", 1, 8), Some(7)));
        assert!(!may_replace(None, &release("site", 1, 8), Some(7)));
        assert!(!may_replace(Some(&current), &release("site", 1, 8), None));
        assert!(!may_replace(Some(&current), &release("site", 1, 8), Some(6)));
        assert!(!may_replace(Some(&current), &release("site", 1, 7), Some(7)));
        assert!(!may_replace(Some(&current), &release("site", 2, 8), Some(7)));
    }
}
