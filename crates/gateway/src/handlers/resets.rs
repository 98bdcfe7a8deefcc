//! `?crowd-reset` at a project's own origin: the browser forgets the app's worker and all that the origin keeps, and
//! opens the same address without it. The worker lets it through. Whoever was led there by another site decides for
//! themselves, at `/.crowd/manage`: what would be forgotten is the owner they know, and that they host nothing.

use async_trait::async_trait;
use crowd_protocol::RequestPath;
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use hyper::body::Incoming;

use crate::Body;
use crate::asked::Asked;
use crate::content::{Form, content_headers};
use crate::destination::Destination;
use crate::gateway::Handler;
use crate::hosts::Place;
use crate::refusal::Refusal;
use crate::url_path::encode_path;

const PARAMETER: &str = "crowd-reset";
const CLEAR: HeaderName = HeaderName::from_static("clear-site-data");

/// Comes after all that is under `/.crowd/`.
pub(crate) struct Resets;

#[async_trait]
impl Handler for Resets {
    fn takes(&self, asked: &Asked) -> bool {
        // Not in a frame: any page could reset any project with a hidden one.
        let opened = asked.manner.destination == Destination::Document;
        let query = asked.parts.uri.query().unwrap_or_default();
        opened && matches!(asked.place, Place::Project(_)) && query.split('&').any(is_reset)
    }

    fn route(&self) -> &'static str {
        "/?crowd-reset"
    }

    async fn answer(&self, asked: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        if !is_own_wish(asked.headers()) {
            return Ok(see_other("/.crowd/manage#leave"));
        }
        // One that starts with a slash would lead to another host.
        let path = RequestPath::parse(&asked.path)?;
        let query = asked.parts.uri.query().unwrap_or_default();
        let others: Vec<_> = query.split('&').filter(|part| !is_reset(part)).collect();
        let query = if others.is_empty() { String::new() } else { format!("?{}", others.join("&")) };
        let mut response = see_other(&format!("/{}{query}", encode_path(path.as_str())));
        response.headers_mut().insert(CLEAR, HeaderValue::from_static("\"cache\", \"storage\""));
        Ok(response)
    }
}

/// True where the visitor typed the address, or the site itself leads there.
fn is_own_wish(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "none" || site == "same-origin")
}

fn see_other(to: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    if let Ok(to) = HeaderValue::try_from(to) {
        headers.insert(LOCATION, to);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    content_headers(headers, Form::Own);
    response
}

fn is_reset(parameter: &str) -> bool {
    parameter.split_once('=').map_or(parameter, |(name, _)| name) == PARAMETER
}
