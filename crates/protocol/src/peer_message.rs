//! Messages from a peer to its node.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::json::{Counted, Object, Whole};
use crate::message::{Envelope, text};
use crate::release::ReleaseJson;
use crate::{
    Answer, ChunkHash, DecodeError, ErrorCode, ErrorMessage, Frame, Have, ProjectName, Release, RequestPath,
    Want, WireError,
};

/// What a peer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerMessage {
    /// Publish a release; the node asks this peer for the manifest before it answers.
    Publish {
        /// Echoed by the answer.
        id: u64,
        /// Its signature is not verified yet.
        release: Release,
        /// For clusters where publishing needs one.
        token: Option<String>,
        /// Hosts the project in the same step.
        have: Option<Have>,
    },
    /// Ask for the newest release.
    Resolve {
        /// Echoed by the answer.
        id: u64,
        /// Of which project.
        project: ProjectName,
    },
    /// This peer answers requests for the project from now on.
    Host {
        /// Echoed by the answer.
        id: u64,
        /// Which project.
        project: ProjectName,
        /// Which release's chunks.
        version: u64,
        /// Which of them.
        have: Have,
    },
    /// More chunks are here.
    Have {
        /// Of which project.
        project: ProjectName,
        /// Of which release.
        version: u64,
        /// Their numbers.
        chunks: Vec<u32>,
    },
    /// This peer no longer hosts the project.
    Unhost {
        /// Echoed by the answer.
        id: u64,
        /// Which project.
        project: ProjectName,
    },
    /// A sessioncast: one chunk, please.
    Request {
        /// Echoed by the answer.
        id: u64,
        /// Of which project.
        project: ProjectName,
        /// Which chunk.
        want: Want,
        /// Only of this version: `stale_version` where it is not the newest.
        version: Option<u64>,
        /// The trace to continue, W3C, unchecked.
        traceparent: Option<String>,
    },
    /// Send `updated` for this project.
    Watch {
        /// Echoed by the answer.
        id: u64,
        /// Which project.
        project: ProjectName,
    },
    /// Are you there?
    Ping {
        /// Echoed by the answer.
        id: u64,
    },
    /// The chunk that the node asked this peer for.
    Response(Answer),
    /// This peer cannot answer what the node asked.
    Error(ErrorMessage),
}

impl PeerMessage {
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
            "request" => request(envelope),
            "response" => envelope.answer(body).map(Self::Response),
            "error" => envelope.error().map(Self::Error),
            "have" => {
                let fields: HaveFields = envelope.fields()?;
                let project = envelope.project(&fields.project)?;
                let chunks = fields.chunks.into_iter().map(Whole::chunk).collect();
                Ok(Self::Have { project, version: fields.version.0, chunks })
            }
            "host" => {
                let fields: HostFields = envelope.fields()?;
                let (id, project) = (envelope.needs_id()?, envelope.project(&fields.project)?);
                let have = Have::parse(&fields.have).map_err(|error| envelope.refused(error))?;
                Ok(Self::Host { id, project, version: fields.version.0, have })
            }
            "publish" => {
                let fields: PublishFields = envelope.fields()?;
                let id = envelope.needs_id()?;
                let release = fields.release.0.check().map_err(|error| envelope.refused(error))?;
                let have = fields.have.as_deref().map(Have::parse).transpose();
                let have = have.map_err(|error| envelope.refused(error))?;
                Ok(Self::Publish { id, release, token: fields.token, have })
            }
            "ping" => Ok(Self::Ping { id: envelope.needs_id()? }),
            "resolve" | "unhost" | "watch" => {
                let fields: ProjectFields = envelope.fields()?;
                let (id, project) = (envelope.needs_id()?, envelope.project(&fields.project)?);
                Ok(match &*envelope.t {
                    "resolve" => Self::Resolve { id, project },
                    "unhost" => Self::Unhost { id, project },
                    _ => Self::Watch { id, project },
                })
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
            Self::Publish { id, release, token, have } => Fields::Publish {
                id: *id,
                release,
                token: token.as_deref(),
                have: have.as_ref().map(Have::to_text),
            },
            Self::Resolve { id, project } => Fields::Resolve { id: *id, project },
            Self::Host { id, project, version, have } => {
                Fields::Host { id: *id, project, version: *version, have: have.to_text() }
            }
            Self::Have { project, version, chunks } => Fields::Have { project, version: *version, chunks },
            Self::Unhost { id, project } => Fields::Unhost { id: *id, project },
            Self::Request { id, project, want, version, traceparent } => {
                let (path, chunk, sha256) = match want {
                    Want::Path { path, chunk } => (Some(path), Some(*chunk), None),
                    Want::Hash(hash) => (None, None, Some(hash)),
                };
                let traceparent = traceparent.as_deref();
                Fields::Request { id: *id, project, path, chunk, sha256, version: *version, traceparent }
            }
            Self::Watch { id, project } => Fields::Watch { id: *id, project },
            Self::Ping { id } => Fields::Ping { id: *id },
            Self::Response(_) | Self::Error(_) => unreachable!("encoded by their own types"),
        }
    }
}

fn request(envelope: &Envelope<'_>) -> Result<PeerMessage, DecodeError> {
    let fields: RequestFields = envelope.fields()?;
    let (id, project) = (envelope.needs_id()?, envelope.project(&fields.project)?);
    let want = match (fields.path, fields.sha256) {
        (Some(path), None) => {
            let path = RequestPath::parse(&path).map_err(|error| envelope.refused(error))?;
            Want::Path { path, chunk: fields.chunk.map_or(0, Whole::chunk) }
        }
        (None, Some(hash)) => Want::Hash(hash),
        _ => {
            let why = "a request has exactly one of path and sha256";
            return Err(envelope.refused(WireError::new(ErrorCode::BadMessage, why)));
        }
    };
    let version = fields.version.map(|version| version.0);
    Ok(PeerMessage::Request { id, project, want, version, traceparent: fields.traceparent })
}

#[derive(Deserialize)]
struct ProjectFields {
    project: String,
}

#[derive(Deserialize)]
struct HostFields {
    project: String,
    version: Counted,
    have: String,
}

#[derive(Deserialize)]
struct HaveFields {
    project: String,
    version: Counted,
    chunks: Vec<Whole>,
}

#[derive(Deserialize)]
struct PublishFields {
    release: Object<ReleaseJson>,
    token: Option<String>,
    have: Option<String>,
}

#[derive(Deserialize)]
struct RequestFields {
    project: String,
    path: Option<String>,
    chunk: Option<Whole>,
    sha256: Option<ChunkHash>,
    version: Option<Counted>,
    traceparent: Option<String>,
}

#[derive(Serialize)]
#[serde(tag = "t", rename_all = "lowercase")]
enum Fields<'m> {
    Publish {
        id: u64,
        release: &'m Release,
        #[serde(skip_serializing_if = "Option::is_none")]
        token: Option<&'m str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        have: Option<String>,
    },
    Resolve {
        id: u64,
        project: &'m ProjectName,
    },
    Host {
        id: u64,
        project: &'m ProjectName,
        version: u64,
        have: String,
    },
    Have {
        project: &'m ProjectName,
        version: u64,
        chunks: &'m [u32],
    },
    Unhost {
        id: u64,
        project: &'m ProjectName,
    },
    Request {
        id: u64,
        project: &'m ProjectName,
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<&'m RequestPath>,
        #[serde(skip_serializing_if = "Option::is_none")]
        chunk: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sha256: Option<&'m ChunkHash>,
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        traceparent: Option<&'m str>,
    },
    Watch {
        id: u64,
        project: &'m ProjectName,
    },
    Ping {
        id: u64,
    },
}
