//! The headers of everything that is a project's, whoever wrote it: it never runs in the node's own origin.

use crowd_protocol::ProjectName;
use http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::cross_origin::readable_anywhere;

const OWN_AGENT: HeaderName = HeaderName::from_static("origin-agent-cluster");

/// How a project's file is addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// At the project's own origin.
    Own,
    /// Under `/{project}/` at the node's host.
    UnderNode,
}

impl Form {
    /// What comes before the path of a file of `project`.
    pub(crate) fn prefix(self, project: &ProjectName) -> String {
        match self {
            Self::Own => "/".to_owned(),
            Self::UnderNode => format!("/{project}/"),
        }
    }
}

/// Adds them.
pub(crate) fn content_headers(headers: &mut HeaderMap, form: Form) {
    if form == Form::UnderNode {
        // The landing page lives at this origin, with the keys of who publishes: projects get an opaque one.
        let sandbox = HeaderValue::from_static("sandbox allow-scripts allow-forms");
        headers.insert(CONTENT_SECURITY_POLICY, sandbox);
    }
    readable_anywhere(headers);
    headers.insert(OWN_AGENT, HeaderValue::from_static("?1"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// True for HTML in UTF-8, which is what can be rewritten.
pub(crate) fn is_html(media_type: &str) -> bool {
    is_utf8(media_type, "text/html")
}

/// True for CSS in UTF-8.
pub(crate) fn is_css(media_type: &str) -> bool {
    is_utf8(media_type, "text/css")
}

/// True where `media_type` is `wanted`, and its charset UTF-8 or not said.
fn is_utf8(media_type: &str, wanted: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let foreign = parts.any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        let utf8 = value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8");
        name.trim().eq_ignore_ascii_case("charset") && !utf8
    });
    essence.eq_ignore_ascii_case(wanted) && !foreign
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_in_utf_8_is_a_page() {
        for page in ["text/html", "Text/HTML; charset=utf-8", "text/html;charset=\"UTF-8\""] {
            assert!(is_html(page), "{page}");
        }
        for other in ["text/plain", "text/html; charset=shift_jis", "text/htmlx", ""] {
            assert!(!is_html(other), "{other}");
        }
        assert!(
            is_css("text/css; charset=utf-8") && !is_css("text/css; charset=latin1") && !is_css("text/html")
        );
    }
}
