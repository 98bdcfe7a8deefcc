//! `publish --once`: host until somebody else has all of it.
//!
//! The protocol counts a project's hosts but doesn't say what each has. So when another is counted and nothing was
//! asked of this one for a while, this one steps back and asks for every chunk itself.

use std::collections::HashSet;
use std::time::Duration;

use crowd_peer::folder::Folder;
use crowd_peer::{Peer, PeerError, Publication};
use crowd_protocol::{ChunkHash, Have};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::sleep;

use crate::exit::Failure;
use crate::progress::Screen;
use crate::signals::stop_signal;

/// Between looks at how many hosts there are.
const LOOK: Duration = Duration::from_secs(2);
/// After a try that failed, longer each time.
const FIRST_AGAIN: Duration = Duration::from_secs(4);
const MOST_AGAIN: Duration = Duration::from_secs(60);
/// Chunks asked for at once.
const WINDOW: usize = 8;

/// Returns when another host has all of the release; being told to stop before that is a failure.
pub(crate) async fn wait(
    peer: &Peer,
    folder: &Folder,
    publication: &Publication,
    screen: &Screen,
) -> anyhow::Result<()> {
    screen.remark("hosting until another host has all of it");
    tokio::select! {
        () = stop_signal() => Err(Failure::No("stopped before another host had all of it".to_owned()).into()),
        done = hand_over(peer, folder, publication, screen) => Ok(done?),
    }
}

async fn hand_over(
    peer: &Peer,
    folder: &Folder,
    publication: &Publication,
    screen: &Screen,
) -> Result<(), PeerError> {
    let release = &publication.release;
    let (mut again, mut served) = (FIRST_AGAIN, peer.stats().served_chunks);
    loop {
        sleep(LOOK).await;
        let before = std::mem::replace(&mut served, peer.stats().served_chunks);
        // Somebody is still fetching from here.
        if before != served {
            continue;
        }
        let peers = match peer.resolve(&release.project).await {
            Ok(resolved) => resolved.peers,
            Err(error) if error.is_transient() => continue,
            Err(error) => return Err(error),
        };
        if peers < 2 {
            continue;
        }
        peer.unhost(&release.project).await?;
        match all_there(peer, folder).await {
            Ok(()) => {
                screen.remark("another host has all of it");
                return Ok(());
            }
            Err(error) if error.is_transient() => {
                tracing::info!(%error, "handover.incomplete");
                let store = publication.store.clone();
                peer.host(&release.project, release.version, Have::All, store).await?;
                sleep(again).await;
                again = (again * 2).min(MOST_AGAIN);
            }
            Err(error) => return Err(error),
        }
    }
}

async fn all_there(peer: &Peer, folder: &Folder) -> Result<(), PeerError> {
    let hashes: HashSet<ChunkHash> =
        folder.manifest.chunks().iter().copied().chain([folder.manifest_hash]).collect();
    stream::iter(hashes)
        .map(|hash| async move { peer.request_hash(folder.project(), &hash).await.map(drop) })
        .buffer_unordered(WINDOW)
        .try_collect()
        .await
}
