//! What `publish` does once the link is out: host until told to stop, and say what is served.

use std::time::Duration;

use crowd_peer::{Event, Peer, Publication, Stats};
use crowd_protocol::{ErrorCode, WireError};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};

use crate::output;
use crate::progress::{Progress, Screen};
use crate::signals::stop_signal;

/// How often the line is told anew on a terminal.
const TICK: Duration = Duration::from_secs(1);
/// How often programs are told, where there is something new.
const JSON_TICKS: u32 = 10;

/// Hosts until Ctrl-C or SIGTERM.
pub(crate) async fn run(
    peer: &Peer,
    publication: &Publication,
    screen: &Screen,
    json: bool,
) -> anyhow::Result<()> {
    screen.remark("hosting; stop with Ctrl-C");
    let mut events = peer.events();
    let mut line = screen.line();
    let mut ticks = 0;
    let mut told = Stats::default();
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut stop = std::pin::pin!(stop_signal());
    loop {
        tokio::select! {
            () = &mut stop => break,
            _ = tick.tick() => {
                ticks += 1;
                let stats = peer.stats();
                if json && stats != told && ticks % JSON_TICKS == 0 {
                    told = stats;
                    tell_program(&stats);
                }
                tell_person(&mut line, &stats, peer);
            }
            event = events.recv() => match event {
                Ok(event) => on_event(peer, publication, screen, event).await?,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            },
        }
    }
    line.finish();
    let stats = peer.stats();
    if json {
        tell_program(&stats);
    }
    screen.remark(format_args!(
        "served {}, {}",
        output::count(stats.served_chunks, "chunk"),
        output::size(stats.served_bytes)
    ));
    Ok(())
}

async fn on_event(
    peer: &Peer,
    publication: &Publication,
    screen: &Screen,
    event: Event,
) -> anyhow::Result<()> {
    let release = &publication.release;
    match event {
        Event::Disconnected { why } => {
            screen.remark(format_args!("the connection was lost ({why}); trying again"))
        }
        Event::Connected(connection) => {
            screen.remark(format_args!("connected to {} at {}", connection.node, connection.url));
        }
        Event::Updated { project, version } if project == release.project && version > release.version => {
            screen.remark(format_args!(
                "version {version} of {project} was published elsewhere; this folder still hosts {}",
                release.version
            ));
        }
        Event::HostRefused { project, error } if project == release.project => {
            again(peer, publication, screen, error).await?;
        }
        _ => {}
    }
    Ok(())
}

/// The cluster no longer knows the release: it was set up anew, and gets it again.
async fn again(
    peer: &Peer,
    publication: &Publication,
    screen: &Screen,
    error: WireError,
) -> anyhow::Result<()> {
    let forgotten = matches!(error.code, ErrorCode::UnknownProject | ErrorCode::NotFound);
    if !forgotten {
        return Err(error.into());
    }
    match peer.publish(publication.clone()).await {
        Ok(()) => screen.remark("the cluster did not know the release any more; published it again"),
        Err(error) if error.is_transient() => screen.remark(format_args!("not hosted for now: {error}")),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn tell_person(line: &mut Progress, stats: &Stats, peer: &Peer) {
    let mut text = format!(
        "served {}, {}",
        output::count(stats.served_chunks, "chunk"),
        output::size(stats.served_bytes)
    );
    if stats.not_here > 0 {
        text += &format!(
            "; {} could not be: did files change? publish again",
            output::count(stats.not_here, "request")
        );
    }
    if peer.connection().is_none() {
        text += "; not connected";
    }
    line.tell(text);
}

fn tell_program(stats: &Stats) {
    output::say_json(&json!({
        "event": "hosting",
        "served_chunks": stats.served_chunks,
        "served_bytes": stats.served_bytes,
        "not_here": stats.not_here,
    }));
}
