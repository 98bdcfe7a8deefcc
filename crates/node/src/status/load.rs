//! How busy this process keeps its machine.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crowd_telemetry::Process;
use tokio::time::Instant;

/// Between two looks: over less, the clock of the kernel is too coarse.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the last two looks came to.
#[derive(Debug)]
pub(crate) struct Load(Mutex<Looks>);

#[derive(Debug, Clone, Copy)]
struct Looks {
    at: Instant,
    process: Process,
    cpu: f64,
}

impl Load {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Looks { at: Instant::now(), process: Process::read(), cpu: 0.0 }))
    }

    /// Processor seconds a second between the last two looks, and resident bytes.
    pub(crate) fn read(&self) -> (f64, u64) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = last.at.elapsed();
        if passed >= LOOK_EVERY {
            let process = Process::read();
            let spent = process.cpu_seconds - last.process.cpu_seconds;
            let cpu = (spent / passed.as_secs_f64()).max(0.0);
            *last = Looks { at: Instant::now(), process, cpu };
        }
        (last.cpu, last.process.resident_bytes)
    }
}
