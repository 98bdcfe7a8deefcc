//! Looks for the cluster: at the start, whenever this node is alone or a seed is away, and now and then, so that two
//! halves of a partition find each other again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::backoff::{Backoff, jittered};
use crate::gossip::Input;
use crate::joining::Unanswered;
use crate::{ClusterError, Joining, Member};

/// Time between two rounds while alone: at first, and in the end.
const ALONE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(15));
/// Time between two rounds in company.
const IN_COMPANY: Duration = Duration::from_secs(30);
/// Time between two rounds while a seed is silent. A keeper that starts again joins nobody: until one of the others
/// finds it, neither side finds what is hosted at the other.
const SEED_AWAY: Duration = Duration::from_secs(1);
/// Members that look for a silent seed each [`SEED_AWAY`]; among more, each of them looks less often.
const LOOKING: usize = 16;
/// So long after its start a node that meets another cluster gives up: its flags are wrong. Later it is the other
/// that is new, and this node goes on.
const START: Duration = Duration::from_secs(10);

/// Never ends, unless this node was told to join another cluster than its own.
pub(crate) async fn join(
    joining: Joining,
    members: watch::Receiver<Arc<Vec<Member>>>,
    gossip: mpsc::Sender<Input>,
) -> ClusterError {
    let started = Instant::now();
    let mut backoff = Backoff::new(ALONE.0, ALONE.1);
    let mut refused = false;
    if joining.seeds.is_empty() {
        return std::future::pending().await;
    }
    loop {
        let mut answers = match joining.ask_all() {
            Ok(answers) => answers,
            Err(error) => return error,
        };
        let mut silent = false;
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(hello) => {
                    let known = members.borrow().contains(&hello.member);
                    if !known && gossip.send(Input::Found(hello.member)).await.is_err() {
                        return std::future::pending().await;
                    }
                }
                Err(Unanswered::Refused(error)) if alone(&members) && started.elapsed() < START => {
                    return error;
                }
                Err(Unanswered::Refused(error)) => {
                    if !refused {
                        tracing::error!(%error, "cluster.seed_refused");
                        refused = true;
                    }
                }
                Err(Unanswered::Silent) => silent = true,
            }
        }
        if alone(&members) {
            sleep(backoff.wait()).await;
        } else {
            backoff.reset();
            let (mut changes, there) = (members.clone(), members.borrow().len());
            let seed_away = (SEED_AWAY * (there / LOOKING + 1) as u32).min(IN_COMPANY);
            let wait = if silent { seed_away } else { IN_COMPANY };
            let fewer = changes.wait_for(|members| members.len() < there);
            let one_left = timeout(jittered(wait), fewer).await.is_ok();
            // It may have been a seed. Who is left alone looks for the others at once.
            if one_left && !alone(&members) {
                sleep(jittered(seed_away)).await;
            }
        }
    }
}

fn alone(members: &watch::Receiver<Arc<Vec<Member>>>) -> bool {
    members.borrow().len() == 1
}
