//! `/.crowd/ws`: hands the request to whoever keeps the WebSocket peers.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, Request, Response};
use hyper::body::Incoming;

use crate::asked::Asked;
use crate::gateway::Handler;
use crate::hosts::Hosts;
use crate::refusal::Refusal;
use crate::{Body, RequestOrigin, Sockets};

pub(crate) struct Upgrades {
    pub(crate) sockets: Arc<dyn Sockets>,
    pub(crate) hosts: Arc<Hosts>,
}

#[async_trait]
impl Handler for Upgrades {
    fn takes(&self, asked: &Asked) -> bool {
        asked.own_path() == Some("ws")
    }

    fn route(&self) -> &'static str {
        "/.crowd/ws"
    }

    async fn answer(&self, asked: Asked, body: Incoming) -> Result<Response<Body>, Refusal> {
        if asked.parts.method != Method::GET {
            return Err(Refusal::method_not_allowed());
        }
        let origin = RequestOrigin::of(asked.headers(), asked.host.as_ref(), &self.hosts);
        let Asked { parts, remote, .. } = asked;
        Ok(self.sockets.upgrade(Request::from_parts(parts, body), origin, remote))
    }
}
