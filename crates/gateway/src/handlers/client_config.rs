//! `/.crowd/config.json`: what the browser app has to know of its node.

use std::sync::Arc;

use async_trait::async_trait;
use http::Response;
use hyper::body::Incoming;
use serde::Serialize;

use super::own_file::OwnFile;
use crate::asked::Asked;
use crate::cross_origin::readable_anywhere;
use crate::gateway::Handler;
use crate::hosts::Hosts;
use crate::own_headers::inert;
use crate::refusal::Refusal;
use crate::{Body, GatewayConfig, Hosting};

pub(crate) struct ClientConfig {
    hosts: Arc<Hosts>,
    node: String,
    hosting: Hosting,
    upload_bytes_per_day: u64,
}

#[derive(Serialize)]
struct Told<'c> {
    hosting: &'static str,
    domain: Option<&'c str>,
    node: &'c str,
    /// What an address may name as its server to mean this node, for who came by this host; that host first.
    servers: Vec<String>,
    upload_bytes_per_day: u64,
}

impl ClientConfig {
    pub(crate) fn new(config: &GatewayConfig, hosts: Arc<Hosts>) -> Self {
        let GatewayConfig { hosting, upload_bytes_per_day, .. } = *config;
        Self { hosts, node: config.node.clone(), hosting, upload_bytes_per_day }
    }
}

#[async_trait]
impl Handler for ClientConfig {
    fn takes(&self, asked: &Asked) -> bool {
        asked.own_path() == Some("config.json")
    }

    fn route(&self) -> &'static str {
        "/.crowd/config.json"
    }

    async fn answer(&self, asked: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        let told = Told {
            hosting: self.hosting.as_str(),
            domain: self.hosts.domain(),
            node: &self.node,
            servers: self.hosts.servers(asked.host.as_ref()),
            upload_bytes_per_day: self.upload_bytes_per_day,
        };
        let json = serde_json::to_vec(&told).expect("plain text and numbers are JSON");
        let mut response = OwnFile::new(json, "application/json").answer(&asked);
        inert(response.headers_mut());
        readable_anywhere(response.headers_mut());
        Ok(response)
    }
}
