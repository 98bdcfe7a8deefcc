//! `/.crowd/v1/{project}/release`: the newest release as JSON, signature and all, revalidated each time.

use std::sync::Arc;

use async_trait::async_trait;
use crowd_protocol::{ProjectName, Release};
use crowd_relay::Relay;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use hyper::body::Incoming;

use crate::Body;
use crate::asked::Asked;
use crate::content::EntityTag;
use crate::cross_origin::readable_anywhere;
use crate::gateway::Handler;
use crate::refusal::Refusal;

const PEERS: HeaderName = HeaderName::from_static("x-crowd-peers");

pub(crate) struct Releases {
    pub(crate) relay: Arc<Relay>,
}

#[async_trait]
impl Handler for Releases {
    fn takes(&self, asked: &Asked) -> bool {
        asked.endpoint().is_some_and(|(_, rest)| rest == "release")
    }

    fn route(&self) -> &'static str {
        "/.crowd/v1/{project}/release"
    }

    async fn answer(&self, asked: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        let (project, _) = asked.endpoint().unwrap_or_default();
        let project = ProjectName::parse(project)?;
        let record = self.relay.record(&project).await?;
        let peers = self.relay.peers_of(&project).await;
        let tag = tag_of(&record.release);
        let not_modified = tag.is_known(asked.headers());
        let body = if not_modified { Body::empty() } else { Body::full(record.release.to_json()) };
        let mut response = Response::new(body);
        if not_modified {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(ETAG, tag.to_value());
        headers.insert(PEERS, HeaderValue::from(peers));
        readable_anywhere(headers);
        Ok(response)
    }
}

/// A name has one release of each version, whatever node says so.
fn tag_of(release: &Release) -> EntityTag {
    EntityTag::new(format!("{}-{}", release.version, release.manifest))
}
