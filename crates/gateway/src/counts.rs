//! What the public ports count with every response: each counter looked up once. What is rare is counted where it
//! happens.

use std::sync::LazyLock;

use metrics::{Counter, counter};

/// The process's counters; several nodes in one process share them.
pub(crate) static COUNTS: LazyLock<Counts> = LazyLock::new(|| Counts {
    responses: ["1xx", "2xx", "3xx", "4xx", "5xx"]
        .map(|status| counter!("crowd_http_responses_total", "status" => status)),
    sent: counter!("crowd_sent_bytes_total", "door" => "http"),
});

pub(crate) struct Counts {
    responses: [Counter; 5],
    /// Bytes of bodies.
    pub(crate) sent: Counter,
}

impl Counts {
    /// A response of this status.
    pub(crate) fn responded(&self, status: http::StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5);
        self.responses[class - 1].increment(1);
    }
}
