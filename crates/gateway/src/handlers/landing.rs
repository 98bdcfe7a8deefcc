//! `/` at the node's own host: the landing page.

use async_trait::async_trait;
use crowd_protocol::ChunkHash;
use http::Response;
use hyper::body::Incoming;

use super::assets::own_file;
use crate::Body;
use crate::asked::Asked;
use crate::content::EntityTag;
use crate::gateway::Handler;
use crate::hosts::Place;
use crate::refusal::Refusal;

pub(crate) struct Landing {
    domain: String,
}

impl Landing {
    pub(crate) fn new(domain: Option<&str>) -> Self {
        Self { domain: domain.unwrap_or_default().to_owned() }
    }
}

#[async_trait]
impl Handler for Landing {
    fn takes(&self, asked: &Asked) -> bool {
        asked.path.is_empty() && asked.place == Place::Node
    }

    async fn answer(&self, asked: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        let page = crowd_app::landing_page(&self.domain);
        let tag = EntityTag::new(ChunkHash::of(page.as_bytes()).to_string());
        Ok(own_file(&asked, page.into(), "text/html; charset=utf-8", &tag))
    }
}
