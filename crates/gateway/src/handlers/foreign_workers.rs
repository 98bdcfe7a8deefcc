//! Service workers other than the app's: a project's own could replace it, and so could a chunk that is a script, so
//! nothing but `/.crowd/worker.js` ever becomes one.

use async_trait::async_trait;
use http::Response;
use hyper::body::Incoming;

use super::assets::SERVICE_WORKER;
use crate::Body;
use crate::asked::Asked;
use crate::gateway::Handler;
use crate::refusal::Refusal;

/// Comes before everything else.
pub(crate) struct ForeignWorkers;

#[async_trait]
impl Handler for ForeignWorkers {
    fn takes(&self, asked: &Asked) -> bool {
        let says_so = |name: &str, value: &str| {
            asked.headers().get_all(name).iter().any(|v| v.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
        };
        let is_worker = says_so("service-worker", "script") || says_so("sec-fetch-dest", "serviceworker");
        is_worker && !is_the_apps(asked)
    }

    fn route(&self) -> &'static str {
        "/{worker}"
    }

    async fn answer(&self, _: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        Err(Refusal::not_allowed("the only service worker here is that of the app"))
    }
}

/// By its address as it was sent: under any other spelling it would be another worker to the browser.
fn is_the_apps(asked: &Asked) -> bool {
    let uri = &asked.parts.uri;
    uri.query().is_none() && uri.path().strip_prefix("/.crowd/") == Some(SERVICE_WORKER)
}
