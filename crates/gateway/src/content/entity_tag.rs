//! Entity tags: strong ones, the same on every node, that change with the bytes.

use crowd_protocol::ChunkHasher;
use crowd_relay::Site;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Digits of the hash of a file's hashes: 128 bits tell any two files apart.
const DIGITS: usize = 32;

/// What stands between the quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntityTag(String);

impl EntityTag {
    /// `text` is visible ASCII without quotes.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The tag of a file: the hash of its chunks' hashes. No chunk is needed for it.
    pub(crate) fn of_file(site: &Site, file: &crowd_protocol::FileEntry) -> Self {
        let mut hasher = ChunkHasher::default();
        for chunk in site.manifest.file_chunks(file) {
            hasher.update(chunk.as_bytes());
        }
        let mut text = hasher.finish().to_string();
        text.truncate(DIGITS);
        Self(text)
    }

    pub(crate) fn to_value(&self) -> HeaderValue {
        HeaderValue::try_from(format!("\"{}\"", self.0)).expect("a tag is visible ASCII")
    }

    /// True where `If-None-Match` has this tag, weakly compared, or `*`.
    pub(crate) fn is_known(&self, headers: &HeaderMap) -> bool {
        tags(headers, &IF_NONE_MATCH).any(|tag| tag == "*" || self.is(tag.strip_prefix("W/").unwrap_or(tag)))
    }

    /// True where `If-Match` is absent or has this tag, strongly compared, or `*`.
    pub(crate) fn is_wanted(&self, headers: &HeaderMap) -> bool {
        !headers.contains_key(IF_MATCH) || tags(headers, &IF_MATCH).any(|tag| tag == "*" || self.is(tag))
    }

    /// True where `quoted` is exactly this tag. A weak one never is.
    pub(crate) fn is(&self, quoted: &str) -> bool {
        quoted.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')) == Some(&self.0)
    }
}

/// The listed tags. None of ours has a comma, so splitting foreign ones wrongly does no harm.
fn tags<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let lists = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none_match(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(value))])
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let tag = EntityTag::new("a1");
        for known in ["\"a1\"", "W/\"a1\"", "*", "\"b\", W/\"c\" ,\"a1\""] {
            assert!(tag.is_known(&none_match(known)), "{known}");
        }
        for unknown in ["\"a\"", "a1", "\"b\"", "", "W/\"b\""] {
            assert!(!tag.is_known(&none_match(unknown)), "{unknown}");
        }
        assert!(!tag.is_known(&HeaderMap::new()));
    }
}
