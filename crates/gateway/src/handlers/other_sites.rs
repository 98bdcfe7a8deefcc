//! `/.crowd/x/{authority}/…`: what a page loads of another project or server. The app's worker answers that with verified
//! bytes; where there is none, the way leads to the ordinary address.

use std::sync::Arc;

use async_trait::async_trait;
use crowd_protocol::{ErrorCode, WireError};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use hyper::body::Incoming;

use crate::Body;
use crate::asked::Asked;
use crate::content::Form;
use crate::cross_origin::readable_anywhere;
use crate::gateway::Handler;
use crate::hosts::{Hosts, Place};
use crate::refusal::Refusal;
use crate::rewrite::{CrowdLink, Links};

const FOLDER: &str = "/.crowd/x/";

pub(crate) struct OtherSites {
    pub(crate) hosts: Arc<Hosts>,
}

#[async_trait]
impl Handler for OtherSites {
    fn takes(&self, asked: &Asked) -> bool {
        // As it was sent: the path in it is still encoded, as that of an address is.
        asked.parts.uri.path().starts_with(FOLDER)
    }

    fn route(&self) -> &'static str {
        "/.crowd/x/{authority}/{path}"
    }

    async fn answer(&self, asked: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        // Pages open other sites at their own addresses; this must not be a way to send people anywhere.
        let opened = asked.manner.destination.is_navigation();
        let to = (!opened).then(|| self.ordinary(&asked)).flatten();
        let to = to.and_then(|to| HeaderValue::try_from(to).ok());
        let to = to.ok_or_else(|| WireError::new(ErrorCode::NotFound, "no address of another site"))?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
        let headers = response.headers_mut();
        headers.insert(LOCATION, to);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        readable_anywhere(headers);
        Ok(response)
    }
}

impl OtherSites {
    /// The ordinary address of what is asked for. None where that is no valid crowd address.
    fn ordinary(&self, asked: &Asked) -> Option<String> {
        let rest = asked.parts.uri.path().strip_prefix(FOLDER)?;
        let link = CrowdLink::parse(&format!("crowd://{rest}{}", asked.query()))?;
        let (project, form) = match &asked.place {
            Place::Project(project) => (project.clone(), Form::Own),
            // Whose page it is doesn't matter here: all of them lie under this host.
            Place::Node => (link.address.project.clone(), Form::UnderNode),
        };
        Some(Links { hosts: self.hosts.clone(), host: asked.host.clone(), project, form }.url(&link))
    }
}
