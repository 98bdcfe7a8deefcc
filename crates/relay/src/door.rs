//! The doors that requests come in by, and how they leave: counted once for each request, when it is answered.

use std::sync::Arc;

use crowd_protocol::{ErrorCode, WireError};
use metrics::{Counter, Histogram, counter, histogram};
use tokio::time::Instant;

use crate::Pulse;
use crate::pulse::Asker;

/// What an outcome is called that has no name of its own.
const OTHER: &str = "other";

/// Every door of a node.
#[derive(Debug)]
pub struct Doors {
    /// Peers, by WebSocket.
    pub ws: Door,
    /// Browsers and programs, by HTTP.
    pub http: Door,
    /// Other nodes, by their links.
    pub node: Door,
}

impl Doors {
    /// The doors of a node whose last minute `pulse` keeps.
    pub(crate) fn new(pulse: &Arc<Pulse>) -> Self {
        let door = |name, of| Door::new(name, pulse.clone(), of);
        Self {
            ws: door("ws", Asker::Visitor),
            http: door("http", Asker::Visitor),
            node: door("node", Asker::Node),
        }
    }
}

/// One door. Its counters are looked up once, not for every request.
#[derive(Debug)]
pub struct Door {
    seconds: Histogram,
    ok: Counter,
    refused: Outcomes,
    /// The same numbers, for people.
    pulse: Arc<Pulse>,
    asker: Asker,
}

impl Door {
    fn new(door: &'static str, pulse: Arc<Pulse>, asker: Asker) -> Self {
        let requests =
            |outcome: &'static str| counter!("crowd_requests_total", "door" => door, "outcome" => outcome);
        Self {
            seconds: histogram!("crowd_request_seconds", "door" => door),
            ok: requests("ok"),
            refused: Outcomes::new(requests),
            pulse,
            asker,
        }
    }

    /// A request that `began` then has its answer now; a refusal has the code that was told.
    pub fn answered(&self, began: Instant, refused: Option<&'static str>) {
        let took = began.elapsed();
        self.seconds.record(took);
        self.pulse.answered(self.asker, took, refused);
        match refused {
            None => self.ok.increment(1),
            Some(code) => self.refused.of(code).increment(1),
        }
    }

    /// [`Door::answered`], with what came of it.
    pub fn count<T>(&self, began: Instant, result: &Result<T, WireError>) {
        self.answered(began, result.as_ref().err().map(|error| error.code.as_str()));
    }
}

/// A counter for each way in which something is refused.
#[derive(Debug)]
struct Outcomes(Vec<(&'static str, Counter)>);

impl Outcomes {
    /// Counters that `make` makes, by the protocol's codes and what only HTTP knows.
    fn new(make: impl Fn(&'static str) -> Counter) -> Self {
        let codes = ErrorCode::ALL.into_iter().map(ErrorCode::as_str);
        Self(codes.chain(["waiting", OTHER]).map(|code| (code, make(code))).collect())
    }

    /// The counter of `code`; the last one where it has none.
    fn of(&self, code: &str) -> &Counter {
        let found = self.0.iter().find(|(known, _)| *known == code).or(self.0.last());
        &found.expect("there is one for what is not known").1
    }
}
