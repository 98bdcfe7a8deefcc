//! A request as the handlers see it: its path decoded once, its host placed, what it is for.

use std::net::SocketAddr;

use crowd_protocol::{ErrorCode, Server, TraceParent, WireError, percent_decode};
use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, Method};

use crate::destination::Destination;
use crate::hosts::{Hosts, Place};
use crate::refusal::Refusal;
use crate::trace::trace_of;

/// What the way of answering depends on, whatever the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// HEAD: the head only.
    pub(crate) head: bool,
    pub(crate) destination: Destination,
    /// The trace that the client began.
    pub(crate) trace: Option<TraceParent>,
}

impl Manner {
    pub(crate) fn of(parts: &Parts) -> Self {
        Self {
            head: parts.method == Method::HEAD,
            destination: Destination::of(&parts.headers),
            trace: trace_of(&parts.headers),
        }
    }
}

/// A GET or HEAD with a path that can be read; or OPTIONS of the endpoints for programs.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) parts: Parts,
    pub(crate) manner: Manner,
    /// What it was sent to; none where an old client doesn't say.
    pub(crate) host: Option<Server>,
    pub(crate) place: Place,
    /// Decoded, without its leading `/`. Still to be checked by who uses it.
    pub(crate) path: String,
    pub(crate) remote: SocketAddr,
}

impl Asked {
    /// 405 for other methods, 400 for a host or a path that can't be read.
    pub(crate) fn read(parts: Parts, hosts: &Hosts, remote: SocketAddr) -> Result<Self, Refusal> {
        if !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return Err(Refusal::method_not_allowed());
        }
        let host = host_of(&parts)?;
        let place = host.as_ref().map_or(Ok(Place::Node), |host| hosts.place(host))?;
        let path = percent_decode(parts.uri.path())?;
        let path = path.strip_prefix('/').unwrap_or(&path).to_owned();
        let asked = Self { manner: Manner::of(&parts), parts, host, place, path, remote };
        if asked.parts.method == Method::OPTIONS && asked.endpoint().is_none() {
            return Err(Refusal::method_not_allowed());
        }
        Ok(asked)
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// The part of the path under `/.crowd/`, which is the node's own at every host.
    pub(crate) fn own_path(&self) -> Option<&str> {
        match self.path.strip_prefix(".crowd")? {
            "" => Some(""),
            rest => rest.strip_prefix('/'),
        }
    }

    /// The project and the rest of `/.crowd/v1/{project}/…`, what PROTOCOL.md has for programs. Neither is checked.
    pub(crate) fn endpoint(&self) -> Option<(&str, &str)> {
        self.own_path()?.strip_prefix("v1/")?.split_once('/')
    }

    /// The query with its `?`, or nothing.
    pub(crate) fn query(&self) -> String {
        self.parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default()
    }
}

/// What a request was sent to, where it says so.
pub(crate) fn host_of(parts: &Parts) -> Result<Option<Server>, WireError> {
    let bad = |_| WireError::new(ErrorCode::BadName, "the host is no host name");
    if let Some(authority) = parts.uri.authority() {
        return Server::parse(authority.as_str()).map(Some).map_err(bad);
    }
    let Some(host) = parts.headers.get(HOST) else { return Ok(None) };
    let host = host.to_str().unwrap_or_default();
    Server::parse(host).map(Some).map_err(bad)
}
