//! What flags of a node are read with where any word is text, but not any text is right. So clap says what is wrong, and
//! of a value in a file where it stands.

use crowd_node::{DenyList, checks};

/// `HOST:PORT`.
pub(super) fn place(text: &str) -> Result<String, String> {
    checks::check_place(text).map(|()| text.to_owned())
}

/// A scheme, a host and perhaps a port.
pub(super) fn public_url(text: &str) -> Result<String, String> {
    checks::check_public_url(text).map(|()| text.to_owned())
}

/// A node's name.
pub(super) fn name(text: &str) -> Result<String, String> {
    checks::check_name(text).map(|()| text.to_owned())
}

/// A host name, in lower case as browsers say it.
pub(super) fn domain(text: &str) -> Result<String, String> {
    checks::check_domain(text).map(|()| text.to_ascii_lowercase())
}

/// A project's name, or the SHA-256 of one.
pub(super) fn denied(text: &str) -> Result<String, String> {
    let wrong = |error| format!("{text:?} is neither the name of a project nor the SHA-256 of one: {error}");
    DenyList::parse([text]).map(|_| text.to_owned()).map_err(wrong)
}
