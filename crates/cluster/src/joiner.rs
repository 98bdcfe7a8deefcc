//! Looks for the cluster: at the start, whenever this node is alone, and now and then, so that two halves of a
//! partition find each other again.

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
        let mut answers = match joining.ask_all().await {
            Ok(answers) => answers,
            Err(error) => return error,
        };
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
                Err(Unanswered::Silent) => {}
            }
        }
        if alone(&members) {
            sleep(backoff.wait()).await;
        } else {
            backoff.reset();
            let mut changes = members.clone();
            // Who is left alone looks for the others at once.
            let _ = timeout(jittered(IN_COMPANY), changes.wait_for(|members| members.len() == 1)).await;
        }
    }
}

fn alone(members: &watch::Receiver<Arc<Vec<Member>>>) -> bool {
    members.borrow().len() == 1
}
