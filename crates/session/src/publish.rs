//! Publishing a release: checked in the order that PROTOCOL.md gives, hosted before it is committed, durable before `ok`.

use std::sync::Arc;
use std::time::Duration;

use crowd_protocol::{ErrorCode, Have, MAX_MANIFEST, Manifest, ProjectName, Release, WireError};
use crowd_registry::{Admission, Outcome, Record, RegistryError, admit};
use crowd_relay::{ChunkAsk, Relay};
use crowd_trace::Seldom;
use tokio::time::{Instant, sleep};

use crate::hosting::{Changes, wrong_bits};

/// How often another publish of the same name may come first before this one gives up.
const RACES: usize = 8;
/// How long a publish waits for a registry that does not answer: whoever keeps it elects a leader, or starts again.
const PATIENCE: Duration = Duration::from_secs(4);
/// How often it asks.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// Publishes `release`, and hosts it where `have` is given.
pub(crate) async fn publish(
    changes: &Changes,
    release: Release,
    have: Option<Have>,
) -> Result<(), WireError> {
    let Changes { relay, table, peer, .. } = changes;
    let project = &release.project;
    release.verify()?;
    relay.allowed(project)?;
    let mut current = recorded(relay, project).await?;
    let mut manifest: Option<Arc<Manifest>> = None;
    let mut before = None;
    for _ in 0..RACES {
        let admission = match admit(current.as_deref(), &release) {
            Ok(admission) => admission,
            Err(error) => {
                undo(changes, &release, before).await;
                return Err(error);
            }
        };
        if manifest.is_none() && (admission != Admission::Same || have.is_some()) {
            let fetched = fetch_manifest(changes, &release).await?;
            if let Some(Have::Bits(bits)) = &have
                && !bits.fits(fetched.chunks().len())
            {
                return Err(wrong_bits(fetched.chunks().len()));
            }
            manifest = Some(fetched);
            // Hosted first, so that no reader meets a release without a host.
            if let Some(have) = &have {
                before = Some(table.hosted(peer, project));
                changes.start_hosting(project, release.version, have.clone()).await;
            }
        }
        let Admission::Newer { expected } = admission else { return Ok(()) };
        match relay.registry().compare_and_set(&release, expected).await {
            Ok(Outcome::Committed(record)) => {
                committed(changes, record);
                return Ok(());
            }
            Ok(Outcome::Conflict(newer)) => current = newer,
            Err(error) => {
                // It may be stored for all that: then nobody would host it.
                if let Ok(Some(record)) = relay.registry().get(project).await
                    && record.release == release
                {
                    committed(changes, record);
                    return Ok(());
                }
                undo(changes, &release, before).await;
                return Err(unavailable(error));
            }
        }
    }
    undo(changes, &release, before).await;
    Err(WireError::rate_limited("others publish under this name right now; try again", 1_000))
}

async fn recorded(relay: &Relay, project: &ProjectName) -> Result<Option<Arc<Record>>, WireError> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match relay.registry().get(project).await {
            Err(RegistryError::Unavailable(_)) if Instant::now() < give_up => sleep(ASK_AGAIN).await,
            asked => return asked.map_err(unavailable),
        }
    }
}

fn committed(changes: &Changes, record: Arc<Record>) {
    let release = &record.release;
    tracing::info!(project = %release.project, version = release.version, "release.committed");
    changes.relay.committed(record);
}

async fn fetch_manifest(changes: &Changes, release: &Release) -> Result<Arc<Manifest>, WireError> {
    let ask = ChunkAsk {
        project: release.project.clone(),
        version: release.version,
        hash: release.manifest,
        size: MAX_MANIFEST as u32,
        manifest: true,
        exact: false,
    };
    changes.relay.manifest_of_publisher(changes.peer.responder.clone(), &ask).await
}

/// Takes back the hosting of a release that was not committed. `before` is what was hosted when it began, where it
/// did.
async fn undo(changes: &Changes, release: &Release, before: Option<Option<(u64, Have)>>) {
    let Changes { relay, table, peer, .. } = changes;
    let project = &release.project;
    match before {
        None => return,
        Some(None) => {
            table.unhost(peer, project);
        }
        Some(Some((version, have))) => table.host(peer, project, version, have),
    }
    relay.nodes().announce(project).await;
    // Of a release that came while the one that is taken back was hosted, the peer was not told.
    table.tell(peer, project, relay.catalog().known_version(project));
}

fn unavailable(error: RegistryError) -> WireError {
    static UNAVAILABLE: Seldom = Seldom::new();
    if let Some(unsaid) = UNAVAILABLE.pass() {
        tracing::warn!(%error, unsaid, "registry.unavailable");
    }
    // Trying again does not help; somebody has to look at it.
    if let RegistryError::Corrupt(_) = error {
        return error.to_wire();
    }
    WireError::new(
        ErrorCode::Internal,
        "publishing is not possible now: the registry of names is out of reach; try again",
    )
}
