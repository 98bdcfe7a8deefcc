//! A file of the node's own on its way out: 304 where the client has it, revalidated each time. Its policy is added by
//! who answers it.

use bytes::Bytes;
use crowd_protocol::ChunkHash;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use http::{HeaderValue, Response, StatusCode};

use crate::Body;
use crate::asked::Asked;
use crate::content::EntityTag;

/// What is answered.
pub(crate) struct OwnFile {
    pub(crate) bytes: Bytes,
    pub(crate) media_type: String,
    pub(crate) tag: EntityTag,
}

impl OwnFile {
    /// A file that is tagged by its bytes.
    pub(crate) fn new(bytes: impl Into<Bytes>, media_type: impl Into<String>) -> Self {
        let bytes = bytes.into();
        let tag = EntityTag::new(ChunkHash::of(&bytes).to_string());
        Self { bytes, media_type: media_type.into(), tag }
    }

    pub(crate) fn html(page: String) -> Self {
        Self::new(page, "text/html; charset=utf-8")
    }

    pub(crate) fn answer(self, asked: &Asked) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        if self.tag.is_known(asked.headers()) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            *response.body_mut() = Body::full(self.bytes);
        }
        let headers = response.headers_mut();
        let unknown = HeaderValue::from_static("application/octet-stream");
        headers.insert(CONTENT_TYPE, HeaderValue::try_from(self.media_type).unwrap_or(unknown));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(ETAG, self.tag.to_value());
        response
    }
}
