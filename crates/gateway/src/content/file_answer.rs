//! The answer that a file comes to: its own bytes, or a page with its crowd links made ordinary.

use std::sync::Arc;

use crowd_protocol::FileEntry;
use crowd_relay::{Relay, Site};
use http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, VARY};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::conditions::{Selection, select};
use super::entity_tag::EntityTag;
use super::file_stream::FileStream;
use super::headers::is_html;
use super::range::Wanted;
use crate::Body;
use crate::asked::Asked;
use crate::refusal::Refusal;
use crate::rewrite::{Links, rewrite};

const VERSION: HeaderName = HeaderName::from_static("x-crowd-version");
/// A page differs by who asks: a navigation gets it rewritten.
const PAGE_VARIES: HeaderValue = HeaderValue::from_static("Sec-Fetch-Dest, Accept");

/// A file of one release, found and not yet fetched.
pub(crate) struct FileAnswer {
    pub(crate) relay: Arc<Relay>,
    pub(crate) site: Site,
    pub(crate) file: FileEntry,
    /// 200, or 404 where the file stands in for what is missing.
    pub(crate) status: u16,
}

impl FileAnswer {
    /// The file's own bytes, or the part of them that is asked for.
    pub(crate) async fn bytes(self, asked: &Asked) -> Result<Response<Body>, Refusal> {
        let (size, head) = (self.file.size, asked.manner.head);
        let mut response = self.head();
        if is_html(&self.file.media_type) {
            response.headers_mut().insert(VARY, PAGE_VARIES);
        }
        // What stands in for a missing file is no representation of it: no tag, no ranges.
        let mut wanted = Wanted::Whole;
        if self.status == 200 {
            let tag = EntityTag::of_file(&self.site, &self.file);
            response.headers_mut().insert(ETAG, tag.to_value());
            response.headers_mut().insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
            wanted = match select(asked.headers(), head, &tag, size) {
                Selection::PreconditionFailed => return Err(Refusal::precondition_failed()),
                Selection::NotModified => {
                    *response.status_mut() = StatusCode::NOT_MODIFIED;
                    return Ok(response);
                }
                Selection::Send(wanted) => wanted,
            };
        }
        let bytes = match wanted {
            Wanted::Whole => 0..size,
            Wanted::Unsatisfiable => return Err(Refusal::unsatisfiable(size)),
            Wanted::Part(bytes) => {
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                let range = format!("bytes {}-{}/{size}", bytes.start, bytes.end - 1);
                let range = HeaderValue::try_from(range).expect("digits make a header");
                response.headers_mut().insert(CONTENT_RANGE, range);
                bytes
            }
        };
        let length = bytes.end - bytes.start;
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        if !head && length > 0 {
            let stream = FileStream { relay: self.relay, site: self.site, file: self.file, bytes };
            *response.body_mut() = Body::stream(stream.open().await?, Some(length));
        }
        Ok(response)
    }

    /// The page for a browser that navigates. It has no tag, since its bytes are not the file's.
    pub(crate) async fn page(self, asked: &Asked, links: Links) -> Result<Response<Body>, Refusal> {
        let mut response = self.head();
        response.headers_mut().insert(VARY, PAGE_VARIES);
        if !asked.manner.head && self.file.size > 0 {
            let (relay, bytes) = (self.relay.clone(), 0..self.file.size);
            let stream = FileStream { relay: self.relay, site: self.site, file: self.file, bytes };
            let source = stream.open().await?;
            *response.body_mut() = Body::stream(rewrite(source, links, relay), None);
        }
        Ok(response)
    }

    fn head(&self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let headers = response.headers_mut();
        let unknown = HeaderValue::from_static("application/octet-stream");
        headers.insert(CONTENT_TYPE, HeaderValue::try_from(&*self.file.media_type).unwrap_or(unknown));
        headers.insert(VERSION, HeaderValue::from(self.site.record.release.version));
        // A newer release may change any path.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}
