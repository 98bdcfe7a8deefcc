//! The body of a response: bytes that are there, or a stream that is polled as the client reads.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use crowd_protocol::WireError;
use futures_util::Stream;
use futures_util::stream::BoxStream;
use http_body::{Frame, SizeHint};

/// Why a body ended before its end. The connection closes short, which is how the client learns of it.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// A chunk could not be had.
    #[error(transparent)]
    Chunk(#[from] WireError),
    /// The page could not be rewritten.
    #[error("the page could not be rewritten: {0}")]
    Rewrite(#[from] lol_html::errors::RewritingError),
}

/// What follows the head.
pub struct Body(Kind);

enum Kind {
    Whole(Option<Bytes>),
    Stream { stream: BoxStream<'static, Result<Bytes, BodyError>>, left: Option<u64> },
}

impl Body {
    /// No bytes.
    pub fn empty() -> Self {
        Self(Kind::Whole(None))
    }

    /// These bytes.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self(Kind::Whole((!bytes.is_empty()).then_some(bytes)))
    }

    /// What `stream` gives, which is `size` bytes where that is known. It is polled as the client reads, and dropped
    /// when the client goes away.
    pub(crate) fn stream(
        stream: impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static,
        size: Option<u64>,
    ) -> Self {
        Self(Kind::Stream { stream: Box::pin(stream), left: size })
    }

    /// The bytes still to come, where that is known.
    pub fn size(&self) -> Option<u64> {
        match &self.0 {
            Kind::Whole(bytes) => Some(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Kind::Stream { left, .. } => *left,
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").field("size", &self.size()).finish_non_exhaustive()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Kind::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Stream { stream, left } => stream.as_mut().poll_next(cx).map_ok(|bytes| {
                if let Some(left) = left {
                    *left = left.saturating_sub(bytes.len() as u64);
                }
                Frame::data(bytes)
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Kind::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        self.size().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
