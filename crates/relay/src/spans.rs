//! The relay's spans: made only where the trace is recorded, since most are not and each costs.

use std::sync::Arc;

use bytes::Bytes;
use crowd_protocol::{ProjectName, TraceParent, WireError};
use crowd_trace::{context_of, current, fail, is_recorded};
use tracing::Span;
use tracing::field::Empty;

use crate::attempt::Miss;
use crate::{ChunkAsk, Kind, Responder};

/// One chunk or manifest, from memory or from wherever it is.
pub(crate) fn fetch_span(ask: &ChunkAsk) -> Span {
    if !is_recorded() {
        return Span::none();
    }
    tracing::info_span!(
        "sessioncast.fetch",
        crowd.project = %ask.project,
        crowd.chunk = %ask.hash,
        crowd.version = ask.version,
        crowd.manifest = ask.manifest,
        crowd.cache = Empty,
        crowd.shared = Empty,
        crowd.bytes = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    )
}

/// What the registry is asked of a project.
pub(crate) fn registry_span(project: &ProjectName) -> Span {
    if !is_recorded() {
        return Span::none();
    }
    tracing::info_span!(
        "registry.get",
        otel.kind = "client",
        crowd.project = %project,
        error.type = Empty,
        otel.status_code = Empty,
    )
}

/// Marks `span` with what came of it.
pub(crate) fn tell<T>(span: &Span, result: &Result<T, WireError>) {
    if !span.is_none()
        && let Err(error) = result
    {
        fail(span, error.code.as_str());
    }
}

/// Why somebody is asked beside or after somebody else: what tells a failover from a hedge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    /// 1 for the first who is asked.
    pub(crate) attempt: u32,
    /// What was wrong with the one before, who may still answer; none where it has failed, or there is none.
    pub(crate) hedge: Option<&'static str>,
}

/// One candidate that is asked: a peer over its WebSocket, or a node over the link to it.
pub(crate) struct AskSpan {
    span: Span,
    /// Where whoever is asked goes on with the trace.
    place: Option<TraceParent>,
    told: bool,
}

impl AskSpan {
    pub(crate) fn new(responder: &Arc<Responder>, ask: &ChunkAsk, turn: Turn) -> Self {
        let place = current();
        if !place.is_some_and(|place| place.is_sampled()) {
            return Self { span: Span::none(), place, told: true };
        }
        let span = tracing::info_span!(
            "sessioncast.ask",
            otel.kind = "client",
            crowd.responder = %responder.id(),
            crowd.responder.kind = responder.kind().as_str(),
            crowd.attempt = turn.attempt,
            crowd.hedge = turn.hedge,
            crowd.project = %ask.project,
            crowd.chunk = %ask.hash,
            crowd.manifest = ask.manifest,
            crowd.outcome = Empty,
            crowd.bytes = Empty,
            network.protocol.name = Empty,
            rpc.system = Empty,
            rpc.service = Empty,
            rpc.method = Empty,
            server.address = responder.server().map(|server| &*server.host),
            server.port = responder.server().and_then(|server| server.port).map(i64::from),
            error.type = Empty,
            otel.status_code = Empty,
        );
        match responder.kind() {
            Kind::Peer => {
                span.record("network.protocol.name", crowd_protocol::SUBPROTOCOL);
            }
            Kind::Node => {
                span.record("rpc.system", "grpc");
                span.record("rpc.service", "crowd.cluster.v1.Relay");
                span.record("rpc.method", "Link");
            }
        }
        Self { place: context_of(&span), span, told: false }
    }

    /// Where whoever is asked goes on with the trace.
    pub(crate) fn place(&self) -> Option<TraceParent> {
        self.place
    }

    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// The hash check of its answer.
    pub(crate) fn verifying(&self, bytes: &Bytes) -> Span {
        if self.span.is_none() {
            return Span::none();
        }
        tracing::info_span!(
            "sessioncast.verify",
            crowd.bytes = bytes.len(),
            error.type = Empty,
            otel.status_code = Empty,
        )
    }

    /// How it ended.
    pub(crate) fn tell(&mut self, result: &Result<Bytes, Miss>) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        match result {
            Ok(bytes) => {
                self.span.record("crowd.outcome", "ok");
                self.span.record("crowd.bytes", bytes.len());
            }
            Err(miss) => {
                self.span.record("crowd.outcome", miss.label());
                let kind = match miss {
                    Miss::Refused(error) => error.code.as_str(),
                    other => other.label(),
                };
                fail(&self.span, kind);
            }
        }
    }
}

impl Drop for AskSpan {
    fn drop(&mut self) {
        // Somebody else was quicker, or nobody waits any more: neither is an error of this one.
        if !self.told {
            self.span.record("crowd.outcome", "abandoned");
        }
    }
}

/// What a finished fetch says of itself.
pub(crate) fn tell_fetched(span: &Span, result: &Result<crate::Chunk, WireError>) {
    tell(span, result);
    if let Ok(chunk) = result {
        span.record("crowd.bytes", chunk.bytes.len());
    }
}
