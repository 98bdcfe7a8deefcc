//! `/.crowd/{asset}`: the app's own files, at every host. Nothing else lives under `/.crowd/`.

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, VARY};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use hyper::body::Incoming;

use super::own_file::OwnFile;
use crate::Body;
use crate::asked::Asked;
use crate::content::{EntityTag, accepts_gzip};
use crate::cross_origin::readable_anywhere;
use crate::gateway::Handler;
use crate::hosts::Place;
use crate::own_headers::{own_page, own_worker};
use crate::refusal::Refusal;

/// The service worker. It lies below `/.crowd/` and is to serve all of an origin.
pub(crate) const SERVICE_WORKER: &str = "worker.js";
/// Scripts that run as workers of some kind.
const WORKERS: [&str; 3] = [SERVICE_WORKER, "host.js", "hasher.js"];

const WORKER_ALLOWED: HeaderName = HeaderName::from_static("service-worker-allowed");

pub(crate) struct Assets;

#[async_trait]
impl Handler for Assets {
    fn takes(&self, asked: &Asked) -> bool {
        asked.own_path().is_some()
    }

    fn route(&self) -> &'static str {
        "/.crowd/{asset}"
    }

    async fn answer(&self, asked: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        let name = asked.own_path().unwrap_or_default();
        // It answers for all of an origin. The node's own has the keys of publishers.
        if name == SERVICE_WORKER && !matches!(asked.place, Place::Project(_)) {
            return Err(Refusal::not_allowed("only a project's own origin has a worker"));
        }
        let asset = crowd_app::asset(name).ok_or_else(|| Refusal::not_found("the app has no such file"))?;
        let packed = asset.gzip.filter(|_| accepts_gzip(asked.headers()));
        let tag = asset.etag.trim_matches('"');
        // Two forms of one file are two sequences of bytes, so that each has its own tag.
        let tag = if packed.is_some() { format!("{tag}-gzip") } else { tag.to_owned() };
        let bytes = Bytes::from_static(packed.unwrap_or(asset.bytes));
        let file = OwnFile { bytes, media_type: asset.media_type, tag: EntityTag::new(tag) };
        let mut response = file.answer(&asked);
        let modified = response.status() != StatusCode::NOT_MODIFIED;
        let headers = response.headers_mut();
        if asset.gzip.is_some() {
            headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        if packed.is_some() && modified {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if name == SERVICE_WORKER {
            headers.insert(WORKER_ALLOWED, HeaderValue::from_static("/"));
        }
        if WORKERS.contains(&name) {
            own_worker(headers)
        } else {
            own_page(headers)
        }
        // Sandboxed pages have no origin, and load their module scripts from here all the same.
        readable_anywhere(headers);
        Ok(response)
    }
}
