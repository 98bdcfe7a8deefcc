//! What scripts of other origins may read of an answer: all that is public anyway.

use std::time::Duration;

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS};
use http::{HeaderMap, HeaderName, HeaderValue};

const EXPOSED: &str = "accept-ranges, content-length, content-range, etag, retry-after, server-timing, \
    x-crowd-node, x-crowd-peers, x-crowd-trace, x-crowd-version";
pub(crate) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const TIMING_ALLOW_ORIGIN: HeaderName = HeaderName::from_static("timing-allow-origin");

/// Opens an answer to scripts everywhere: workers of other origins, and sandboxed pages, which have none.
pub(crate) fn readable_anywhere(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    headers.insert(TIMING_ALLOW_ORIGIN, HeaderValue::from_static("*"));
}

/// How long it took until the first chunk was there.
pub(crate) fn relay_took(headers: &mut HeaderMap, took: Duration) {
    let text = format!("relay;dur={:.1}", took.as_secs_f64() * 1_000.0);
    headers.insert(SERVER_TIMING, HeaderValue::try_from(text).expect("digits make a header"));
}
