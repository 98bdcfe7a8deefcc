//! One WebSocket, driven by hand so that it reads and writes at once in one task: a slow reader's answers do not stop
//! its uploads.

use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crowd_protocol::MAX_FRAME;
use crowd_relay::Responder;
use futures_util::{Sink, Stream};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::counts::COUNTS;
use crate::outbox::{Held, Outbox};

/// What an idle connection keeps for reading. The library's default is 128 KiB.
const READ_BUFFER: usize = 4 * 1024;
/// Small messages are gathered up to this size before they are written; the room is taken only when there are any.
const WRITE_BATCH: usize = 8 * 1024;

/// The socket of one peer and what waits to be written to it.
#[derive(Debug)]
pub(crate) struct Socket {
    ws: WebSocketStream<Heard>,
    pub(crate) outbox: Outbox,
    /// What the message that is being written holds.
    writing: Option<Held>,
    unflushed: bool,
}

impl Socket {
    pub(crate) async fn new(upgraded: Upgraded, responder: Arc<Responder>) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BATCH)
            .max_write_buffer_size(2 * MAX_FRAME)
            .max_message_size(Some(MAX_FRAME))
            .max_frame_size(Some(MAX_FRAME));
        let io = Heard { io: TokioIo::new(upgraded), responder, written: 0 };
        let ws = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        Self { ws, outbox: Outbox::default(), writing: None, unflushed: false }
    }

    /// Writes what waits, as far as the socket takes it, and reads the next message where `read` says so; else tells
    /// when enough is written to read again. None when the peer has left.
    pub(crate) fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
        read: bool,
    ) -> Poll<Option<Result<Event, Error>>> {
        if let Poll::Ready(Err(error)) = self.poll_write(cx) {
            return Poll::Ready(Some(Err(error)));
        }
        if read {
            return Pin::new(&mut self.ws).poll_next(cx).map_ok(Event::Message);
        }
        match self.outbox.is_long() {
            true => Poll::Pending,
            false => Poll::Ready(Some(Ok(Event::Written))),
        }
    }

    /// Ready when everything is written and flushed.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.outbox.is_empty() {
            ready!(Pin::new(&mut self.ws).poll_ready(cx))?;
            let (message, held) = self.outbox.pop().expect("it is not empty");
            Pin::new(&mut self.ws).start_send(message)?;
            (self.writing, self.unflushed) = (held, true);
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.ws).poll_flush(cx))?;
            (self.writing, self.unflushed) = (None, false);
        }
        Poll::Ready(Ok(()))
    }

    /// How many bytes the peer's line has taken so far, where there is something to write.
    pub(crate) fn stuck_at(&self) -> Option<u64> {
        (self.unflushed || !self.outbox.is_empty()).then(|| self.ws.get_ref().written)
    }

    /// Reads and forgets whatever comes, until the peer has closed its side.
    pub(crate) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [MaybeUninit::uninit(); 1024];
        loop {
            let mut buf = ReadBuf::uninit(&mut scratch);
            match ready!(Pin::new(self.ws.get_mut()).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => {}
                _ => return Poll::Ready(()),
            }
        }
    }
}

/// What a socket has to say.
#[derive(Debug)]
pub(crate) enum Event {
    Message(Message),
    /// The outbox is short again.
    Written,
}

/// Tells the responder's handle when bytes come: progress of an answer shows long before the answer is whole.
#[derive(Debug)]
struct Heard {
    io: TokioIo<Upgraded>,
    responder: Arc<Responder>,
    /// Bytes that left.
    written: u64,
}

impl AsyncRead for Heard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buf))?;
        let came = buf.filled().len() - before;
        if came > 0 {
            COUNTS.received.increment(came as u64);
            self.responder.heard();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Heard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, bytes))?;
        self.written += written as u64;
        COUNTS.sent.increment(written as u64);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
