//! Service workers from anywhere but `/.crowd/`: a project's own worker could replace the app's, so it gets no script.

use async_trait::async_trait;
use http::Response;
use hyper::body::Incoming;

use crate::Body;
use crate::asked::Asked;
use crate::gateway::Handler;
use crate::refusal::Refusal;

/// Comes after everything under `/.crowd/`, which is the app's own.
pub(crate) struct ForeignWorkers;

#[async_trait]
impl Handler for ForeignWorkers {
    fn takes(&self, asked: &Asked) -> bool {
        let says_so = |name: &str, value: &str| {
            asked.headers().get_all(name).iter().any(|v| v.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
        };
        says_so("service-worker", "script") || says_so("sec-fetch-dest", "serviceworker")
    }

    async fn answer(&self, _: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        Err(Refusal::not_allowed("a project has no service worker of its own"))
    }
}
