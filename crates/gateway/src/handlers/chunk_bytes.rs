//! `/.crowd/v1/{project}/chunk/{sha256}`: the bytes of one chunk or manifest, which never change.

use std::sync::Arc;

use async_trait::async_trait;
use crowd_protocol::{ChunkHash, ProjectName};
use crowd_relay::Relay;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::Body;
use crate::asked::Asked;
use crate::content::{EntityTag, shared_bytes};
use crate::cross_origin::{readable_anywhere, relay_took};
use crate::gateway::Handler;
use crate::refusal::Refusal;

pub(crate) struct ChunkBytes {
    pub(crate) relay: Arc<Relay>,
}

#[async_trait]
impl Handler for ChunkBytes {
    fn takes(&self, asked: &Asked) -> bool {
        names_of(asked).is_some()
    }

    fn route(&self) -> &'static str {
        "/.crowd/v1/{project}/chunk/{sha256}"
    }

    async fn answer(&self, asked: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        let began = Instant::now();
        let answer = self.respond(asked, began).await;
        self.relay.doors().http.answered(began, answer.as_ref().err().map(Refusal::outcome));
        answer
    }
}

impl ChunkBytes {
    async fn respond(&self, asked: Asked, began: Instant) -> Result<Response<Body>, Refusal> {
        let (project, hash) = names_of(&asked).unwrap_or_default();
        let (project, hash) = (ProjectName::parse(project)?, ChunkHash::parse(hash)?);
        let ask = self.relay.find_hash(&project, hash).await?;
        let tag = EntityTag::new(hash.to_string());
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
        readable_anywhere(headers);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
        headers.insert(ETAG, tag.to_value());
        if tag.is_known(asked.headers()) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else if asked.manner.head {
            // How long a manifest is only its bytes can tell.
            if !ask.manifest {
                response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(ask.size));
            }
        } else {
            *response.body_mut() = Body::full(shared_bytes(self.relay.fetch(ask).await?));
            relay_took(response.headers_mut(), began.elapsed());
        }
        Ok(response)
    }
}

fn names_of(asked: &Asked) -> Option<(&str, &str)> {
    let (project, rest) = asked.endpoint()?;
    Some((project, rest.strip_prefix("chunk/")?))
}
