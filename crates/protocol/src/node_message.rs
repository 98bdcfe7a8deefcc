//! Messages from a node to a peer.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::json::{Counted, Object, Whole};
use crate::message::{Envelope, text};
use crate::release::ReleaseJson;
use crate::{Answer, ChunkHash, DecodeError, ErrorMessage, Frame, ProjectName, Release};

/// What a node says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeMessage {
    /// The first message of a connection.
    Welcome {
        /// What the node calls this connection.
        peer: String,
        /// The node's name.
        node: String,
        /// The cluster's id.
        cluster: String,
        /// WebSocket addresses of the cluster's nodes.
        nodes: Vec<String>,
        /// Seconds between the node's pings.
        heartbeat_s: u64,
    },
    /// Done.
    Ok {
        /// The request's.
        id: u64,
    },
    /// The answer to `resolve`.
    Release {
        /// The request's.
        id: u64,
        /// The newest one. Its signature is not verified yet.
        release: Release,
        /// How many peers host the project, in the whole cluster.
        peers: u64,
    },
    /// A sessioncast reaches its responding peer.
    Request {
        /// Echoed by the answer.
        id: u64,
        /// Of which project.
        project: ProjectName,
        /// A release that lists the chunk.
        version: u64,
        /// Which chunk.
        sha256: ChunkHash,
        /// The trace it is part of.
        traceparent: Option<String>,
    },
    /// The chunk that was asked for.
    Response(Answer),
    /// A newer release exists.
    Updated {
        /// Of which project.
        project: ProjectName,
        /// Its version.
        version: u64,
    },
    /// This node is leaving.
    Goaway {
        /// Why, for example `draining`.
        reason: String,
        /// Where to go.
        nodes: Vec<String>,
        /// When to go, in milliseconds.
        reconnect_in_ms: u64,
    },
    /// What was asked could not be done.
    Error(ErrorMessage),
}

impl NodeMessage {
    /// Reads a text frame.
    pub fn decode_text(json: &[u8]) -> Result<Self, DecodeError> {
        let envelope = Envelope::read(json)?;
        Frame::check_text(json, envelope.id)?;
        Self::read(&envelope, None)
    }

    /// Reads a binary frame; the body is a slice of `payload`.
    pub fn decode_binary(payload: &Bytes) -> Result<Self, DecodeError> {
        let (head, body) = Frame::split(payload)?;
        let envelope = Envelope::read(head)?;
        Frame::check_body(&body, envelope.id).map_err(|error| envelope.mark(error))?;
        Self::read(&envelope, Some(body))
    }

    fn read(envelope: &Envelope<'_>, body: Option<Bytes>) -> Result<Self, DecodeError> {
        match &*envelope.t {
            "response" => envelope.node_answer(body).map(Self::Response),
            "request" => {
                let fields: RequestFields = envelope.fields()?;
                let (id, project) = (envelope.needs_id()?, envelope.project(&fields.project)?);
                let RequestFields { version, sha256, traceparent, project: _ } = fields;
                Ok(Self::Request { id, project, version: version.0, sha256, traceparent })
            }
            "ok" => Ok(Self::Ok { id: envelope.needs_id()? }),
            "error" => envelope.error().map(Self::Error),
            "release" => {
                let fields: ReleaseFields = envelope.fields()?;
                let id = envelope.needs_id()?;
                let release = fields.release.0.check().map_err(|error| envelope.refused(error))?;
                Ok(Self::Release { id, release, peers: fields.peers.0 })
            }
            "updated" => {
                let fields: UpdatedFields = envelope.fields()?;
                Ok(Self::Updated { project: envelope.project(&fields.project)?, version: fields.version.0 })
            }
            "welcome" => {
                let WelcomeFields { peer, node, cluster, nodes, heartbeat_s } = envelope.fields()?;
                Ok(Self::Welcome { peer, node, cluster, nodes, heartbeat_s: heartbeat_s.0 })
            }
            "goaway" => {
                let GoawayFields { reason, nodes, reconnect_in_ms } = envelope.fields()?;
                Ok(Self::Goaway { reason, nodes, reconnect_in_ms: reconnect_in_ms.0 })
            }
            _ => Err(envelope.unknown()),
        }
    }

    /// The frame that carries it.
    pub fn encode(&self) -> Frame {
        match self {
            Self::Response(answer) => answer.encode(),
            Self::Error(error) => error.encode(),
            other => text(&other.fields()),
        }
    }

    fn fields(&self) -> Fields<'_> {
        match self {
            Self::Welcome { peer, node, cluster, nodes, heartbeat_s } => {
                Fields::Welcome { peer, node, cluster, nodes, heartbeat_s: *heartbeat_s }
            }
            Self::Ok { id } => Fields::Ok { id: *id },
            Self::Release { id, release, peers } => Fields::Release { id: *id, release, peers: *peers },
            Self::Request { id, project, version, sha256, traceparent } => Fields::Request {
                id: *id,
                project,
                version: *version,
                sha256,
                traceparent: traceparent.as_deref(),
            },
            Self::Updated { project, version } => Fields::Updated { project, version: *version },
            Self::Goaway { reason, nodes, reconnect_in_ms } => {
                Fields::Goaway { reason, nodes, reconnect_in_ms: *reconnect_in_ms }
            }
            Self::Response(_) | Self::Error(_) => unreachable!("encoded by their own types"),
        }
    }
}

#[derive(Deserialize)]
struct RequestFields {
    project: String,
    version: Counted,
    sha256: ChunkHash,
    traceparent: Option<String>,
}

#[derive(Deserialize)]
struct ReleaseFields {
    release: Object<ReleaseJson>,
    peers: Whole,
}

#[derive(Deserialize)]
struct UpdatedFields {
    project: String,
    version: Counted,
}

#[derive(Deserialize)]
struct WelcomeFields {
    peer: String,
    node: String,
    cluster: String,
    nodes: Vec<String>,
    heartbeat_s: Counted,
}

#[derive(Deserialize)]
struct GoawayFields {
    reason: String,
    nodes: Vec<String>,
    reconnect_in_ms: Whole,
}

#[derive(Serialize)]
#[serde(tag = "t", rename_all = "lowercase")]
enum Fields<'m> {
    Welcome {
        peer: &'m str,
        node: &'m str,
        cluster: &'m str,
        nodes: &'m [String],
        heartbeat_s: u64,
    },
    Ok {
        id: u64,
    },
    Release {
        id: u64,
        release: &'m Release,
        peers: u64,
    },
    Request {
        id: u64,
        project: &'m ProjectName,
        version: u64,
        sha256: &'m ChunkHash,
        #[serde(skip_serializing_if = "Option::is_none")]
        traceparent: Option<&'m str>,
    },
    Updated {
        project: &'m ProjectName,
        version: u64,
    },
    Goaway {
        reason: &'m str,
        nodes: &'m [String],
        reconnect_in_ms: u64,
    },
}
