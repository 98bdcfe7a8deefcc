//! `/.crowd/v1/{project}/hosts`: who holds how much of a project, node by node.

use std::sync::Arc;

use async_trait::async_trait;
use crowd_protocol::ProjectName;
use crowd_relay::Relay;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use hyper::body::Incoming;
use serde::Serialize;

use crate::Body;
use crate::asked::Asked;
use crate::cross_origin::readable_anywhere;
use crate::gateway::Handler;
use crate::own_headers::inert;
use crate::refusal::Refusal;

/// Nodes that are listed at most, best first.
const MAX_NODES: usize = 256;

pub(crate) struct Holders {
    pub(crate) relay: Arc<Relay>,
    /// The name of this node.
    pub(crate) node: String,
}

#[derive(Serialize)]
struct Listing<'l> {
    project: &'l str,
    /// The newest.
    version: u64,
    nodes: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    node: String,
    /// Peers that have all of the newest version that its peers have.
    all: u32,
    /// Peers that have a part, or an older version.
    part: u32,
}

#[async_trait]
impl Handler for Holders {
    fn takes(&self, asked: &Asked) -> bool {
        asked.endpoint().is_some_and(|(_, rest)| rest == "hosts")
    }

    fn route(&self) -> &'static str {
        "/.crowd/v1/{project}/hosts"
    }

    async fn answer(&self, asked: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        let (project, _) = asked.endpoint().unwrap_or_default();
        let project = ProjectName::parse(project)?;
        let record = self.relay.record(&project).await?;
        let (here, elsewhere) = self.relay.hosting_of(&project).await;
        let here = Row { node: self.node.clone(), all: here.all, part: here.part };
        let elsewhere = elsewhere.into_iter().map(|row| Row {
            node: row.node.to_string(),
            all: row.hosting.all,
            part: row.hosting.part,
        });
        let nodes = [here].into_iter().chain(elsewhere).filter(|row| row.all > 0 || row.part > 0);
        let listing = Listing {
            project: project.as_str(),
            version: record.release.version,
            nodes: nodes.take(MAX_NODES).collect(),
        };
        let json = serde_json::to_vec(&listing).expect("plain text and numbers are JSON");
        let mut response = Response::new(Body::full(json));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        inert(headers);
        readable_anywhere(headers);
        Ok(response)
    }
}
