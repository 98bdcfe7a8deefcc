//! What the messages of both directions share: how they are read, and the types that go either way.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::json::{Counted, Whole};
use crate::{ChunkHash, ErrorCode, Frame, MAX_MEDIA_TYPE, ProjectName, RequestPath, TraceParent, WireError};

/// The highest `id`, 2^53 - 1.
pub const MAX_ID: u64 = (1 << 53) - 1;

/// A message that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct DecodeError {
    /// The message's id, where it could be read; the error echoes it.
    pub id: Option<u64>,
    /// What to answer.
    pub error: WireError,
    /// True where it counts towards closing the connection: no JSON object, no string `t`, a bad `id` or head.
    pub malformed: bool,
    /// True where it is an answer to what was asked: its id is the asker's own then.
    pub answers: bool,
}

impl DecodeError {
    pub(crate) fn malformed(id: Option<u64>, why: &'static str) -> Self {
        Self { id, error: WireError::new(ErrorCode::BadMessage, why), malformed: true, answers: false }
    }

    pub(crate) fn refused(id: Option<u64>, error: WireError) -> Self {
        Self { id, error, malformed: false, answers: false }
    }
}

/// What a `request` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// One chunk of a file.
    Path {
        /// The file, or a folder, which means its index.
        path: RequestPath,
        /// Counted within the file.
        chunk: u32,
    },
    /// One chunk, or a manifest, by its hash.
    Hash(ChunkHash),
}

/// What a node adds to the `response` to a request by path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileInfo {
    /// The release that the answer is of.
    pub version: u64,
    /// The file's `Content-Type`.
    #[serde(rename = "type")]
    pub media_type: String,
    /// The whole file's bytes.
    pub size: u64,
    /// Which chunk this is, counted within the file.
    pub chunk: u32,
    /// How many the file has.
    pub chunks: u32,
    /// 200, or 404 where this is the `not_found` file.
    pub status: u16,
}

/// A `response`: a chunk, and what is known of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The request's.
    pub id: u64,
    /// The hash that the body should have.
    pub sha256: ChunkHash,
    /// Present where a node answers a request by path; what a peer says of it is not read.
    pub file: Option<FileInfo>,
    /// The trace of the request, as the node that answers it has it; what a peer says of it is not read.
    pub traceparent: Option<TraceParent>,
    /// The chunk.
    pub body: Bytes,
}

/// An `error` message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorMessage {
    /// The request's; none where it answers nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// For programs.
    pub code: ErrorCode,
    /// For a person.
    pub message: String,
    /// With `rate_limited`: how long to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The trace in which it happened, for whoever looks into it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

impl ErrorMessage {
    /// The error as it is told to whoever asked with `id`.
    pub fn new(id: Option<u64>, error: &WireError) -> Self {
        let WireError { code, message, retry_after_ms } = error;
        Self {
            id,
            code: *code,
            message: message.to_string(),
            retry_after_ms: *retry_after_ms,
            traceparent: None,
        }
    }
}

impl From<ErrorMessage> for WireError {
    fn from(message: ErrorMessage) -> Self {
        Self { retry_after_ms: message.retry_after_ms, ..Self::new(message.code, message.message) }
    }
}

/// The part that every message has, read first: it decides what counts as malformed.
#[derive(Debug)]
pub(crate) struct Envelope<'j> {
    pub(crate) t: Cow<'j, str>,
    pub(crate) id: Option<u64>,
    json: &'j str,
}

impl<'j> Envelope<'j> {
    pub(crate) fn read(json: &'j [u8]) -> Result<Self, DecodeError> {
        #[derive(Deserialize)]
        struct Raw<'j> {
            #[serde(borrow, default, deserialize_with = "present")]
            t: Option<&'j RawValue>,
            #[serde(borrow, default, deserialize_with = "present")]
            id: Option<&'j RawValue>,
        }
        #[derive(Deserialize)]
        struct Text<'j>(#[serde(borrow)] Cow<'j, str>);

        /// A field that is null is there all the same: null is no id.
        fn present<'j, D: Deserializer<'j>>(value: D) -> Result<Option<&'j RawValue>, D::Error> {
            <&'j RawValue>::deserialize(value).map(Some)
        }

        let no_object =
            || DecodeError::malformed(None, "a message is a JSON object, each of its fields once");
        let json = std::str::from_utf8(json).map_err(|_| no_object())?;
        if !json.trim_ascii_start().starts_with('{') {
            return Err(no_object());
        }
        let raw: Raw<'j> = serde_json::from_str(json).map_err(|_| no_object())?;
        let id = match raw.id.map(|id| id.get().parse::<u64>()) {
            None => None,
            Some(Ok(id)) if id <= MAX_ID => Some(id),
            Some(_) => {
                return Err(DecodeError::malformed(None, "an id is a whole number from 0 to 2^53-1"));
            }
        };
        let t: Option<Text<'j>> = raw.t.and_then(|t| serde_json::from_str(t.get()).ok());
        match t {
            Some(Text(t)) => Ok(Self { t, id, json }),
            None => Err(DecodeError::malformed(id, "a message has a string t, its type")),
        }
    }

    /// Reads the fields of a known type.
    pub(crate) fn fields<T: Deserialize<'j>>(&self) -> Result<T, DecodeError> {
        serde_json::from_str(self.json).map_err(|error| {
            let why = format!("{}: {error}", self.t);
            self.refused(WireError::new(ErrorCode::BadMessage, why))
        })
    }

    /// The id of a type that needs one.
    pub(crate) fn needs_id(&self) -> Result<u64, DecodeError> {
        self.id.ok_or_else(|| {
            self.refused(WireError::new(ErrorCode::BadMessage, format!("{} needs an id", self.t)))
        })
    }

    pub(crate) fn refused(&self, error: WireError) -> DecodeError {
        self.mark(DecodeError::refused(self.id, error))
    }

    /// Notes whether `error` is of an answer.
    pub(crate) fn mark(&self, mut error: DecodeError) -> DecodeError {
        error.answers = matches!(&*self.t, "response" | "error");
        error
    }

    pub(crate) fn unknown(&self) -> DecodeError {
        self.refused(WireError::new(ErrorCode::BadMessage, "no message of this protocol has that type"))
    }

    pub(crate) fn project(&self, name: &str) -> Result<ProjectName, DecodeError> {
        ProjectName::parse(name).map_err(|error| self.refused(error))
    }

    /// A `response`, without what only a node knows of the file.
    pub(crate) fn answer(&self, body: Option<Bytes>) -> Result<Answer, DecodeError> {
        #[derive(Deserialize)]
        struct Fields {
            sha256: ChunkHash,
        }
        let Some(body) = body else {
            let why = "a response is a binary frame";
            return Err(self.refused(WireError::new(ErrorCode::BadMessage, why)));
        };
        let id = self.needs_id()?;
        let Fields { sha256 } = self.fields()?;
        Ok(Answer { id, sha256, file: None, traceparent: None, body })
    }

    /// A node's `response`: what it says of the file, all of it or, with a request by hash, nothing; and the trace.
    pub(crate) fn node_answer(&self, body: Option<Bytes>) -> Result<Answer, DecodeError> {
        #[derive(Deserialize)]
        struct Fields {
            version: Option<Counted>,
            #[serde(rename = "type")]
            media_type: Option<String>,
            size: Option<Whole>,
            chunk: Option<u32>,
            chunks: Option<u32>,
            status: Option<u16>,
            traceparent: Option<String>,
        }
        let answer = self.answer(body)?;
        let Fields { version, media_type, size, chunk, chunks, status, traceparent } = self.fields()?;
        let file = (|| {
            Some(FileInfo {
                version: version?.0,
                media_type: media_type?,
                size: size?.0,
                chunk: chunk?,
                chunks: chunks?,
                status: status?,
            })
        })();
        if file.as_ref().is_some_and(|file| !is_media_type(&file.media_type)) {
            let why = "a type is printable ASCII of at most 255 bytes";
            return Err(self.refused(WireError::new(ErrorCode::BadMessage, why)));
        }
        let traceparent = traceparent.as_deref().and_then(TraceParent::parse);
        Ok(Answer { file, traceparent, ..answer })
    }

    pub(crate) fn error(&self) -> Result<ErrorMessage, DecodeError> {
        #[derive(Deserialize)]
        struct Fields {
            code: ErrorCode,
            message: Option<String>,
            retry_after_ms: Option<Whole>,
            traceparent: Option<String>,
        }
        let Fields { code, message, retry_after_ms, traceparent } = self.fields()?;
        let retry_after_ms = retry_after_ms.map(|wait| wait.0);
        Ok(ErrorMessage {
            id: self.id,
            code,
            message: message.unwrap_or_default(),
            retry_after_ms,
            traceparent,
        })
    }
}

/// The rule of PROTOCOL.md section 3 for a `type`.
pub(crate) fn is_media_type(text: &str) -> bool {
    text.len() <= MAX_MEDIA_TYPE && text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// Writes `fields`, which carry their own `t`, as a text frame.
pub(crate) fn text(fields: &impl Serialize) -> Frame {
    Frame::Text(json(fields))
}

pub(crate) fn json(fields: &impl Serialize) -> String {
    serde_json::to_string(fields).expect("messages have only text keys")
}

impl Answer {
    pub(crate) fn encode(&self) -> Frame {
        #[derive(Serialize)]
        struct Head<'a> {
            t: &'static str,
            id: u64,
            sha256: &'a ChunkHash,
            #[serde(flatten)]
            file: Option<&'a FileInfo>,
            #[serde(skip_serializing_if = "Option::is_none")]
            traceparent: Option<TraceParent>,
        }
        let Self { id, sha256, file, traceparent, .. } = self;
        let head = Head { t: "response", id: *id, sha256, file: file.as_ref(), traceparent: *traceparent };
        Frame::Binary { head: json(&head), body: self.body.clone() }
    }
}

impl ErrorMessage {
    pub(crate) fn encode(&self) -> Frame {
        #[derive(Serialize)]
        struct Tagged<'a> {
            t: &'static str,
            #[serde(flatten)]
            error: &'a ErrorMessage,
        }
        text(&Tagged { t: "error", error: self })
    }
}
