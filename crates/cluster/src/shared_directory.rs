//! This node's directory behind its lock. What it wants done is handed to the couriers before the lock is let go, so
//! that each owner hears of changes in their order.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crowd_directory::{Directory, Effect, NodeName};
use tokio::time::Instant;

use crate::neighbours::Neighbours;

pub(crate) struct SharedDirectory {
    directory: Mutex<Directory>,
    /// The origin of the directory's time.
    born: Instant,
    neighbours: Arc<Neighbours>,
}

impl SharedDirectory {
    pub(crate) fn new(me: NodeName, neighbours: Arc<Neighbours>) -> Self {
        Self { directory: Mutex::new(Directory::new(me)), born: Instant::now(), neighbours }
    }

    /// Does something that others may have to hear of.
    pub(crate) fn act(&self, act: impl FnOnce(&mut Directory, Duration) -> Vec<Effect>) {
        let mut directory = self.lock();
        for effect in act(&mut directory, self.born.elapsed()) {
            let to = effect.to().clone();
            let courier = self.neighbours.get(&to);
            if !courier.is_some_and(|neighbour| neighbour.courier.deliver(effect)) {
                directory.failed(&to);
            }
        }
    }

    /// Does something that concerns nobody else.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Directory, Duration) -> T) -> T {
        act(&mut self.lock(), self.born.elapsed())
    }

    fn lock(&self) -> MutexGuard<'_, Directory> {
        self.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
