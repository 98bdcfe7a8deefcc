//! The headers of what is the node's own: pages, app files, workers, lines of text.

use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Pages take scripts and styles from here alone; they may ask any node for chunks, which they check by hash.
const PAGE: &str = "default-src 'self'; connect-src 'self' http: https: ws: wss:; img-src 'self' data: blob:; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";
/// A worker's fetches are governed by the policy that its script came with, not by that of a page.
const WORKER: &str = "default-src 'none'; script-src 'self'; connect-src 'self' http: https: ws: wss:";
/// What is only read.
const INERT: &str = "default-src 'none'; sandbox";

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const OWN_AGENT: HeaderName = HeaderName::from_static("origin-agent-cluster");

/// Of a page or a file of the app: nobody may frame it or feed it scripts. At a project's origin it is in the
/// project's agent cluster, which asks for the same.
pub(crate) fn own_page(headers: &mut HeaderMap) {
    insert(headers, CONTENT_SECURITY_POLICY, PAGE);
    insert(headers, X_FRAME_OPTIONS, "DENY");
    insert(headers, OWN_AGENT, "?1");
    common(headers);
}

/// Of a page with switches or keys: who opened it has no hold on its window. Not of pages that stand in for a
/// project's, whose windows may be known to other pages, and never together with a sandbox, which browsers refuse.
pub(crate) fn own_window(headers: &mut HeaderMap) {
    insert(headers, OPENER_POLICY, "same-origin");
}

/// Of a script that runs as a worker.
pub(crate) fn own_worker(headers: &mut HeaderMap) {
    insert(headers, CONTENT_SECURITY_POLICY, WORKER);
    common(headers);
}

/// Of what is no page and must never become one. It may be framed: a frame that failed says why.
pub(crate) fn inert(headers: &mut HeaderMap) {
    insert(headers, CONTENT_SECURITY_POLICY, INERT);
    common(headers);
}

fn common(headers: &mut HeaderMap) {
    insert(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert(headers, REFERRER_POLICY, "no-referrer");
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
