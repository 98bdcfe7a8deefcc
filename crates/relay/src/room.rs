//! Memory for answers: reserved before anybody is asked, free again when the answer has left.

use std::sync::Arc;
use std::time::Duration;

use crowd_protocol::WireError;
use metrics::counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Room is counted in units of this many bytes, since a semaphore counts in 32 bits.
const UNIT: u64 = 1024;

/// A budget of bytes.
#[derive(Debug, Clone)]
pub struct Room {
    units: Arc<Semaphore>,
    total: u32,
    wait: Duration,
    /// What it is called in metrics.
    name: &'static str,
}

/// Reserved room; free again when dropped.
#[derive(Debug)]
pub struct RoomPermit(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Room {
    /// A budget of `bytes`; a reservation waits for at most `wait`. `name` is what it is called in metrics.
    pub fn new(bytes: u64, wait: Duration, name: &'static str) -> Self {
        let total =
            u32::try_from((bytes / UNIT).max(1)).unwrap_or(u32::MAX).min(Semaphore::MAX_PERMITS as u32);
        Self { units: Arc::new(Semaphore::new(total as usize)), total, wait, name }
    }

    /// Reserves room for `bytes`, in turn. `rate_limited` where none becomes free in time.
    pub async fn reserve(&self, bytes: u32) -> Result<RoomPermit, WireError> {
        // What is larger than the whole budget gets all of it rather than never any.
        let units = u64::from(bytes).div_ceil(UNIT).max(1).min(u64::from(self.total)) as u32;
        if let Ok(permit) = self.units.clone().try_acquire_many_owned(units) {
            return Ok(RoomPermit(permit));
        }
        let granted = timeout(self.wait, self.units.clone().acquire_many_owned(units)).await;
        let outcome = if matches!(granted, Ok(Ok(_))) { "granted" } else { "refused" };
        counter!("crowd_room_waits_total", "room" => self.name, "outcome" => outcome).increment(1);
        match granted {
            Ok(Ok(permit)) => Ok(RoomPermit(permit)),
            _ => Err(WireError::rate_limited(
                "too many answers are on their way; try again",
                self.wait.as_millis() as u64,
            )),
        }
    }

    /// The part that is taken, 0 to 1.
    pub(crate) fn used(&self) -> f64 {
        1.0 - self.units.available_permits() as f64 / f64::from(self.total)
    }
}
