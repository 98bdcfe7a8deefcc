//! The app port where the public one speaks TLS: the same page, over there.

use std::sync::Arc;

use async_trait::async_trait;
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use hyper::body::Incoming;

use crate::Body;
use crate::asked::Asked;
use crate::gateway::Handler;
use crate::hosts::Hosts;
use crate::refusal::Refusal;

pub(crate) struct ToPublic {
    pub(crate) hosts: Arc<Hosts>,
}

#[async_trait]
impl Handler for ToPublic {
    fn takes(&self, _: &Asked) -> bool {
        true
    }

    fn route(&self) -> &'static str {
        "/{path}"
    }

    async fn answer(&self, asked: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        let origin = self.hosts.public_origin(&asked.place, asked.host.as_ref());
        let path = asked.parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let to = origin.and_then(|origin| HeaderValue::try_from(format!("{origin}{path}")).ok());
        let to = to.ok_or_else(|| Refusal::not_found("this node is at another address"))?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
        response.headers_mut().insert(LOCATION, to);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}
