//! `/.crowd/{asset}`: the app's own files, at every host. Nothing else lives under `/.crowd/`.

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use http::{HeaderValue, Response, StatusCode};
use hyper::body::Incoming;

use crate::Body;
use crate::asked::Asked;
use crate::content::EntityTag;
use crate::gateway::Handler;
use crate::own_headers::own_page;
use crate::refusal::Refusal;

pub(crate) struct Assets;

#[async_trait]
impl Handler for Assets {
    fn takes(&self, asked: &Asked) -> bool {
        asked.own_path().is_some()
    }

    async fn answer(&self, asked: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        let name = asked.own_path().unwrap_or_default();
        let asset = crowd_app::asset(name).ok_or_else(|| Refusal::not_found("the app has no such file"))?;
        let bytes = match asset.bytes {
            std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
        };
        let tag = EntityTag::new(asset.etag.trim_matches('"'));
        Ok(own_file(&asked, bytes, &asset.media_type, &tag))
    }
}

/// A file of the node's own, or 304 where the client has it.
pub(crate) fn own_file(asked: &Asked, bytes: Bytes, media_type: &str, tag: &EntityTag) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    if tag.is_known(asked.headers()) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        *response.body_mut() = Body::full(bytes);
    }
    let headers = response.headers_mut();
    own_page(headers);
    let unknown = HeaderValue::from_static("application/octet-stream");
    headers.insert(CONTENT_TYPE, HeaderValue::try_from(media_type).unwrap_or(unknown));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(ETAG, tag.to_value());
    response
}
