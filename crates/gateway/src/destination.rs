//! What a browser wants a response for, as far as an answer depends on it.

use http::HeaderMap;
use http::header::ACCEPT;

/// Where a response goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Destination {
    /// A page of its own: somebody opens this address.
    Document,
    /// A page within a page. PROTOCOL.md speaks of top-level navigations alone, but without a worker a framed page
    /// needs its crowd links made ordinary as much as the page around it does.
    Frame,
    /// A stylesheet.
    Style,
    /// Anything else, browser or not.
    Other,
}

impl Destination {
    /// Browsers say it with `Sec-Fetch-*`, but only on secure origins: elsewhere what they accept has to tell.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        match (text("sec-fetch-mode"), text("sec-fetch-dest")) {
            (None, None) if accepts(headers, "text/html") => Self::Document,
            (None, None) if accepts(headers, "text/css") => Self::Style,
            (Some("navigate"), Some("document")) => Self::Document,
            (Some("navigate"), Some("iframe" | "frame")) => Self::Frame,
            (_, Some("style")) => Self::Style,
            // A worker that lets a request through hides what it is for.
            (Some("navigate"), Some("empty")) if accepts(headers, "text/html") => Self::Document,
            (Some("no-cors" | "cors"), Some("empty")) if accepts(headers, "text/css") => Self::Style,
            _ => Self::Other,
        }
    }

    /// True where a page is opened, framed or not.
    pub(crate) fn is_navigation(self) -> bool {
        matches!(self, Self::Document | Self::Frame)
    }
}

fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|range| {
        let (essence, _) = range.split_once(';').unwrap_or((range, ""));
        essence.trim().eq_ignore_ascii_case(media_type)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    #[test]
    fn a_browser_says_what_it_is_for() {
        let cases = [
            (&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")][..], Destination::Document),
            (&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")], Destination::Frame),
            (&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "frame")], Destination::Frame),
            (&[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "style")], Destination::Style),
            (
                &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty"), ("accept", "text/html")],
                Destination::Other,
            ),
            (
                &[
                    ("sec-fetch-mode", "navigate"),
                    ("sec-fetch-dest", "empty"),
                    ("accept", "text/html,*/*;q=0.8"),
                ],
                Destination::Document,
            ),
            (
                &[
                    ("sec-fetch-mode", "no-cors"),
                    ("sec-fetch-dest", "empty"),
                    ("accept", "text/css,*/*;q=0.1"),
                ],
                Destination::Style,
            ),
            (&[("sec-fetch-mode", "navigate"), ("accept", "text/html")], Destination::Other),
            (&[("sec-fetch-dest", "document")], Destination::Other),
            (&[("accept", "application/xhtml+xml, Text/HTML;q=0.9,*/*;q=0.8")], Destination::Document),
            (&[("accept", "text/css,*/*;q=0.1")], Destination::Style),
            (&[("accept", "*/*")], Destination::Other),
            (&[], Destination::Other),
        ];
        for (headers, expected) in cases {
            let pairs = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            assert_eq!(Destination::of(&pairs.collect()), expected, "{headers:?}");
        }
    }
}
