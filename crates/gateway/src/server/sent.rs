//! A body on its way out: counts its bytes, and keeps its connection alive while the client reads.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::activity::InFlight;
use crate::counts::COUNTS;
use crate::{Body, BodyError};

pub(crate) struct Sent {
    body: Body,
    in_flight: InFlight,
}

impl Sent {
    pub(crate) fn new(body: Body, in_flight: InFlight) -> Self {
        Self { body, in_flight }
    }
}

impl http_body::Body for Sent {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.in_flight.step();
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                COUNTS.sent.increment(bytes as u64);
            }
            Some(Err(error)) => {
                metrics::counter!("crowd_http_cut_short_total").increment(1);
                tracing::debug!(%error, "http.cut_short");
            }
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
