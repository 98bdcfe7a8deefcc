//! Tells a person what the node is doing: what it bound, joined and stores, and how its leaving gets on.

use std::time::Duration;

use crowd_node::{Addresses, Config, Life};
use crowd_telemetry::Destination;
use tokio::sync::watch;
use tokio::time::Instant;

use super::summary::Summary;
use super::units::Period;
use crate::output::{count, say};

/// A node that looks for its cluster for longer says that it does.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time between two remarks on a leaving node.
const EVERY: Duration = Duration::from_secs(5);

/// Follows a node's life to its end.
pub(super) struct Announcer {
    pub(super) config: Config,
    /// Where traces go, and which part of them is recorded.
    pub(super) traces: Option<(Destination, f64)>,
    pub(super) addresses: Addresses,
    pub(super) life: watch::Receiver<Life>,
}

impl Announcer {
    pub(super) async fn run(mut self) {
        let joined = self.life.wait_for(|life| *life != Life::Joining);
        if tokio::time::timeout(PATIENCE, joined).await.is_err() {
            say(format_args!("\nlooking for {}…", self.config.join.join(", ")));
        }
        let mut remark_at = None;
        loop {
            let life = self.life.borrow_and_update().clone();
            match life {
                Life::Joining => {}
                Life::Serving(joined) => {
                    let Self { config, traces, addresses, .. } = &self;
                    say(Summary { config, traces: traces.as_ref(), addresses, joined: &joined });
                }
                Life::Leaving { peers, left } => {
                    let now = Instant::now();
                    let first = remark_at.is_none();
                    if remark_at.is_none_or(|at| at <= now) {
                        remark_at = Some(now + EVERY);
                        let hint = if first { "; once more, and it stops at once" } else { "" };
                        say(format_args!("stopping: {}{hint}", progress(peers, left)));
                    }
                }
            }
            if self.life.changed().await.is_err() {
                return;
            }
        }
    }
}

fn progress(peers: usize, left: Duration) -> String {
    let left = Period(Duration::from_secs(left.as_secs_f64().ceil() as u64));
    match peers {
        0 => format!("open answers have up to {left}"),
        peers => format!("{} to go, up to {left}", count(peers as u64, "peer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_is_said() {
        assert_eq!(progress(3, Duration::from_millis(29_960)), "3 peers to go, up to 30s");
        assert_eq!(progress(1, Duration::from_secs(7)), "1 peer to go, up to 7s");
        assert_eq!(progress(0, Duration::ZERO), "open answers have up to 0s");
    }
}
