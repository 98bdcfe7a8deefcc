//! A crowd address as a page has it: with its query and fragment, which are no part of the address itself.

use std::borrow::Cow;

use crowd_protocol::CrowdAddress;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What would end a URL in HTML, CSS or a `srcset`. `%` stays: the text is encoded already.
const NOT_IN_URLS: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'\'').add(b'(').add(b')').add(b',').add(b'<').add(b'>').add(b'\\');

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CrowdLink {
    pub(crate) address: CrowdAddress,
    /// From the `?` or `#` on, or nothing.
    pub(crate) suffix: String,
}

impl CrowdLink {
    /// Reads a URL as HTML has it. None where it is no valid crowd address: then it stays as it is.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let url = url.trim_matches(|c: char| c.is_ascii_whitespace());
        if !mentions_crowd(url) {
            return None;
        }
        let address = CrowdAddress::parse(url).ok()?;
        let suffix = url.find(['?', '#']).map_or("", |at| &url[at..]);
        Some(Self { address, suffix: Cow::from(utf8_percent_encode(suffix, NOT_IN_URLS)).into_owned() })
    }
}

/// A cheap first look: most of a page has nothing to do with us.
pub(crate) fn mentions_crowd(text: &str) -> bool {
    text.as_bytes().windows(6).any(|window| window.eq_ignore_ascii_case(b"crowd:"))
}
