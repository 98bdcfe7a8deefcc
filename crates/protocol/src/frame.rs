//! WebSocket frames: text is a JSON object; binary is a JSON head with a body behind it.

use bytes::Bytes;

use crate::{DecodeError, ErrorCode, MAX_BODY, MAX_TEXT, WireError};

/// One WebSocket message, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A JSON object.
    Text(String),
    /// The JSON head, and the body behind it: its 2-byte length is for the socket to write.
    Binary {
        /// A JSON object of at most 65,535 bytes.
        head: String,
        /// At most 1 MiB; shared, never copied on the way.
        body: Bytes,
    },
}

impl Frame {
    /// The payload of a binary frame: length, head and body in one piece. The one copy of a body on its way out.
    pub fn to_payload(&self) -> Bytes {
        match self {
            Self::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
            Self::Binary { head, body } => {
                let mut payload = Vec::with_capacity(2 + head.len() + body.len());
                let len = u16::try_from(head.len()).expect("heads are written by us and are short");
                payload.extend_from_slice(&len.to_be_bytes());
                payload.extend_from_slice(head.as_bytes());
                payload.extend_from_slice(body);
                payload.into()
            }
        }
    }

    /// Takes a binary payload apart without copying its body.
    pub(crate) fn split(payload: &Bytes) -> Result<(&[u8], Bytes), DecodeError> {
        let Some((len, rest)) = payload.split_first_chunk::<2>() else {
            return Err(DecodeError::malformed(None, "a binary frame starts with the length of its head"));
        };
        let len = usize::from(u16::from_be_bytes(*len));
        if rest.len() < len {
            return Err(DecodeError::malformed(None, "a binary frame is longer than its head"));
        }
        Ok((&rest[..len], payload.slice(2 + len..)))
    }

    pub(crate) fn check_body(body: &Bytes, id: Option<u64>) -> Result<(), DecodeError> {
        if body.len() <= MAX_BODY {
            return Ok(());
        }
        Err(DecodeError::refused(id, WireError::new(ErrorCode::TooLarge, "a body has at most 1 MiB")))
    }

    pub(crate) fn check_text(text: &[u8], id: Option<u64>) -> Result<(), DecodeError> {
        if text.len() <= MAX_TEXT {
            return Ok(());
        }
        Err(DecodeError::refused(id, WireError::new(ErrorCode::TooLarge, "a text frame has at most 64 KiB")))
    }
}
