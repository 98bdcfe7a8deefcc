//! `/.crowd/manage` at a project's own origin: the page of what its visitor keeps and hosts of it. At the node's own
//! host there is none, since that origin sees no project's storage.

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

pub(crate) struct Manage;

#[async_trait]
impl Handler for Manage {
    fn takes(&self, asked: &Asked) -> bool {
        asked.own_path() == Some("manage") && matches!(asked.place, Place::Project(_))
    }

    fn route(&self) -> &'static str {
        "/.crowd/manage"
    }

    async fn answer(&self, asked: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        let project = match &asked.place {
            Place::Project(project) => project.as_str(),
            Place::Node => "",
        };
        let mut response = OwnFile::html(crowd_app::manage_page(project)).answer(&asked);
        own_page(response.headers_mut());
        own_window(response.headers_mut());
        Ok(response)
    }
}
