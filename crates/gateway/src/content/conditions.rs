//! Conditional requests and ranges, in the order that RFC 9110 gives them.

use http::HeaderMap;
use http::header::{IF_RANGE, RANGE};

use super::entity_tag::EntityTag;
use super::range::{Wanted, parse_range};

/// What of a file is to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    PreconditionFailed,
    NotModified,
    Send(Wanted),
}

/// For a GET or HEAD of a file with this tag and size. A range means something for GET only.
pub(crate) fn select(headers: &HeaderMap, head: bool, tag: &EntityTag, size: u64) -> Selection {
    if !tag.is_wanted(headers) {
        return Selection::PreconditionFailed;
    }
    if tag.is_known(headers) {
        return Selection::NotModified;
    }
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    // There are no dates of modification, so a date in If-Range never matches.
    let wanted = match (text(RANGE), text(IF_RANGE)) {
        (Some(range), None) if !head => parse_range(range, size),
        (Some(range), Some(same)) if !head && tag.is(same.trim()) => parse_range(range, size),
        _ => Wanted::Whole,
    };
    Selection::Send(wanted)
}
