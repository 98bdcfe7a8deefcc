//! `OPTIONS /.crowd/v1/…`: lets scripts of other origins send the trace that they are part of.

use async_trait::async_trait;
use http::header::{ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE};
use http::{HeaderValue, Method, Response, StatusCode};
use hyper::body::Incoming;

use crate::Body;
use crate::asked::Asked;
use crate::cross_origin::readable_anywhere;
use crate::gateway::Handler;
use crate::refusal::Refusal;

/// Seconds for which a browser need not ask again; they have lower bounds of their own.
const MAX_AGE_S: u32 = 86_400;

/// Comes before all that answer GET and HEAD. [`Asked::read`] lets no other OPTIONS through.
pub(crate) struct Preflights;

#[async_trait]
impl Handler for Preflights {
    fn takes(&self, asked: &Asked) -> bool {
        asked.parts.method == Method::OPTIONS
    }

    fn route(&self) -> &'static str {
        "/.crowd/v1/{rest}"
    }

    async fn answer(&self, _: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        readable_anywhere(headers);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("traceparent"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(MAX_AGE_S));
        Ok(response)
    }
}
