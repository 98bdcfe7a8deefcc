//! `/` at the node's own host: the landing page.

use async_trait::async_trait;
use http::Response;
use hyper::body::Incoming;

use super::own_file::OwnFile;
use crate::Body;
use crate::asked::Asked;
use crate::gateway::Handler;
use crate::hosts::Place;
use crate::own_headers::{own_page, own_window};
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

    fn route(&self) -> &'static str {
        "/"
    }

    async fn answer(&self, asked: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        let mut response = OwnFile::html(crowd_app::landing_page(&self.domain)).answer(&asked);
        own_page(response.headers_mut());
        own_window(response.headers_mut());
        Ok(response)
    }
}
