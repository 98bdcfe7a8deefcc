//! The one script that is added to a page: it makes its visitor a peer.

use crowd_protocol::ProjectName;

/// Bytes of a page's end that are remembered where it is no longer parsed.
const TAIL: usize = 64;

/// The element, to be put at the end of the document.
#[derive(Debug, Clone)]
pub(crate) struct BootTag {
    usual: String,
    attributes: String,
}

impl BootTag {
    /// For a page of `project` at `version`. Neither can have a character that means something in HTML.
    pub(crate) fn new(project: &ProjectName, version: u64) -> Self {
        let attributes =
            format!("type=\"module\" async data-version=\"{version}\" data-project=\"{project}\"");
        Self { usual: element("", &attributes), attributes }
    }

    /// For a page whose addresses are relative to its own.
    pub(crate) fn as_str(&self) -> &str {
        &self.usual
    }

    /// For a page whose addresses may be relative to another one: with the origin of the page.
    pub(crate) fn at(&self, origin: &str) -> String {
        element(origin, &self.attributes)
    }
}

fn element(origin: &str, attributes: &str) -> String {
    format!("<script src=\"{origin}/.crowd/boot.js\" {attributes}></script>")
}

/// The end of what was written of a page that nobody parses any more.
#[derive(Debug, Default)]
pub(crate) struct Tail(Vec<u8>);

impl Tail {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL)..]);
        self.0.drain(..self.0.len().saturating_sub(TAIL));
    }

    /// True where the document is closed, so that what follows is markup again. Elsewhere it might be within a script
    /// or an attribute, and would do harm.
    pub(crate) fn is_closed(&self) -> bool {
        let end = self.0.trim_ascii_end();
        ["</html>", "</body>"].iter().any(|tag| {
            let from = end.len().saturating_sub(tag.len());
            end[from..].eq_ignore_ascii_case(tag.as_bytes())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_closed_can_take_the_tag() {
        let closed = |pieces: &[&str]| {
            let mut tail = Tail::default();
            pieces.iter().for_each(|piece| tail.add(piece.as_bytes()));
            tail.is_closed()
        };
        assert!(closed(&["<html>", "</body></HTML>\n\r\n"]));
        assert!(closed(&[&"x".repeat(500), "</bo", "dy>"]));
        for open in [&["</body><script>"][..], &["</html"], &[""], &[], &["<a title='", "</html>x"]] {
            assert!(!closed(open), "{open:?}");
        }
    }
}
