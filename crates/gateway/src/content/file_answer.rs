//! The answer that a file comes to: its own bytes, or a page or stylesheet with its crowd links made ordinary.

use std::ops::Range;
use std::sync::Arc;

use crowd_protocol::FileEntry;
use crowd_relay::{Relay, Site};
use http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, VARY};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use tokio::time::Instant;

use super::conditions::{Selection, select};
use super::entity_tag::EntityTag;
use super::file_stream::FileStream;
use super::headers::{is_css, is_html};
use super::range::Wanted;
use super::stylesheet::{Sheet, Stylesheets};
use crate::Body;
use crate::asked::Asked;
use crate::cross_origin::relay_took;
use crate::refusal::Refusal;
use crate::rewrite::{BootTag, Links, rewrite};

const VERSION: HeaderName = HeaderName::from_static("x-crowd-version");
/// Pages and stylesheets differ by what they are for: see [`crate::destination::Destination`].
const VARIES: HeaderValue = HeaderValue::from_static("Sec-Fetch-Dest, Accept");

/// A file of one release, found and not yet fetched.
pub(crate) struct FileAnswer {
    pub(crate) relay: Arc<Relay>,
    pub(crate) site: Site,
    pub(crate) file: FileEntry,
    /// 200, or 404 where the file stands in for what is missing.
    pub(crate) status: u16,
    /// When it was asked for.
    pub(crate) began: Instant,
}

impl FileAnswer {
    /// The file's own bytes, or the part of them that is asked for.
    pub(crate) async fn bytes(self, asked: &Asked) -> Result<Response<Body>, Refusal> {
        let (mut response, part) = self.own(asked)?;
        if let Some(bytes) = part {
            let (began, length) = (self.began, bytes.end - bytes.start);
            *response.body_mut() = Body::stream(self.stream(bytes).open().await?, Some(length));
            relay_took(response.headers_mut(), began.elapsed());
        }
        Ok(response)
    }

    /// The page for a browser that opens it. It has no tag, since its bytes are not the file's.
    pub(crate) async fn page(self, asked: &Asked, links: Links) -> Result<Response<Body>, Refusal> {
        let mut response = self.head();
        if asked.manner.head {
            return Ok(response);
        }
        let boot = BootTag::new(&links.project, self.site.record.release.version);
        if self.file.size == 0 {
            *response.body_mut() = Body::full(boot.as_str().to_owned());
            return Ok(response);
        }
        let (relay, began, whole) = (self.relay.clone(), self.began, 0..self.file.size);
        let source = self.stream(whole).open().await?;
        relay_took(response.headers_mut(), began.elapsed());
        *response.body_mut() = Body::stream(rewrite(source, links, boot, relay), None);
        Ok(response)
    }

    /// The stylesheet for a page that is shown with it. One that has no crowd links stays the file that it is.
    pub(crate) async fn sheet(
        self,
        asked: &Asked,
        links: &Links,
        sheets: &Stylesheets,
    ) -> Result<Response<Body>, Refusal> {
        if asked.manner.head || !sheets.may_change(&self.file) {
            return self.bytes(asked).await;
        }
        let whole = self.stream(0..self.file.size);
        let mut response = match sheets.read(whole, links).await? {
            // Whatever the client has: its tag is that of the file, and this is something else.
            Sheet::Changed(bytes) => {
                let mut response = self.head();
                *response.body_mut() = Body::full(bytes);
                response
            }
            Sheet::Same(bytes) => {
                let (mut response, part) = self.own(asked)?;
                let part = part.map(|part| bytes.slice(part.start as usize..part.end as usize));
                *response.body_mut() = Body::full(part.unwrap_or_default());
                // The same for whoever asks: the app's worker finds it in the browser's cache, and fetches nothing again.
                response.headers_mut().remove(VARY);
                response
            }
        };
        relay_took(response.headers_mut(), self.began.elapsed());
        Ok(response)
    }

    /// The head of an answer with the file's own bytes, and which of them follow; none where none do.
    fn own(&self, asked: &Asked) -> Result<(Response<Body>, Option<Range<u64>>), Refusal> {
        let (size, head) = (self.file.size, asked.manner.head);
        let mut response = self.head();
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
                    return Ok((response, None));
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
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(bytes.end - bytes.start));
        Ok((response, (!head && !bytes.is_empty()).then_some(bytes)))
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
        if is_html(&self.file.media_type) || is_css(&self.file.media_type) {
            headers.insert(VARY, VARIES);
        }
        response
    }

    fn stream(&self, bytes: Range<u64>) -> FileStream {
        FileStream { relay: self.relay.clone(), site: self.site.clone(), file: self.file.clone(), bytes }
    }
}
