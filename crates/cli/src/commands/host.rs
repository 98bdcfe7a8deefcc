//! `crowd host`: an always-on host of other people's projects, or of one's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use crowd_peer::{DirStore, Mirror, MirrorEvent, NodeUrl, Peer, Pins};
use crowd_protocol::ProjectName;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::json;

use crate::exit::Failure;
use crate::node_args::NodeArgs;
use crate::progress::{Progress, Screen};
use crate::signals::stop_signal;
use crate::site_link::SiteLink;
use crate::{output, places};

/// Host projects: fetch, verify, serve, and follow their updates
///
/// Fetches all of each project and serves it while it grows, until it is stopped with Ctrl-C. When a newer release is
/// published, only what changed is fetched. Everything is kept in a folder and checked again at the next start. A project
/// whose owner is another than when this computer first saw it is refused.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  crowd host crowd://discovery.example.org/mysite
  crowd host crowd://localhost:7000/mysite crowd://localhost:7000/blog --data /srv/crowd
  crowd host crowd://mysite --node https://discovery.example.org")]
pub(crate) struct HostArgs {
    /// The projects
    #[arg(value_name = "crowd://SERVER/PROJECT", required = true)]
    links: Vec<SiteLink>,

    /// Where chunks are kept [default: a folder of this user]
    #[arg(long, env = "CROWD_HOST_DATA", value_name = "DIR")]
    data: Option<PathBuf>,

    #[command(flatten)]
    node: NodeArgs,

    /// Believe the present owners, even where another was seen before
    #[arg(long)]
    trust_new_owner: bool,

    /// Print JSON objects, one a line: release, complete, trouble
    #[arg(long)]
    json: bool,
}

impl HostArgs {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let data = match &self.data {
            Some(data) => data.clone(),
            None => places::hosted()?,
        };
        let pins = Pins::new(places::owners()?);
        let screen = Screen::new(self.json);
        let mut mirrors = Vec::new();
        let mut peers = Vec::new();
        for (url, projects) in self.by_node()? {
            let peer = self.node.connect(&url).await?;
            for project in projects {
                mirrors.push(self.mirror(&peer, &url, project, &data, &pins).await?);
            }
            peers.push(peer);
        }
        let mut running: FuturesUnordered<_> =
            mirrors.iter().map(|mirror| host(mirror, &screen, self.json)).collect();
        let mut failed = None;
        let mut stop = std::pin::pin!(stop_signal());
        loop {
            tokio::select! {
                () = &mut stop => break,
                ended = running.next() => match ended {
                    // The others go on; the exit code is the first one's.
                    Some(Err(error)) => {
                        screen.remark(format_args!("crowd: {error:#}"));
                        failed.get_or_insert(error);
                    }
                    Some(Ok(())) => {}
                    None => break,
                },
            }
        }
        drop(running);
        for peer in peers {
            let stats = peer.stats();
            screen.remark(format_args!(
                "served {}, {}",
                output::count(stats.served_chunks, "chunk"),
                output::size(stats.served_bytes)
            ));
            peer.close().await;
        }
        failed.map_or(Ok(()), Err)
    }

    /// One connection serves all projects of a node.
    fn by_node(&self) -> anyhow::Result<BTreeMap<NodeUrl, Vec<ProjectName>>> {
        let mut nodes: BTreeMap<NodeUrl, Vec<ProjectName>> = BTreeMap::new();
        for SiteLink(address) in &self.links {
            if !address.path.as_str().is_empty() {
                let why = format!("{address}: a project is hosted as a whole; leave out {}", address.path);
                return Err(Failure::Usage(why).into());
            }
            let projects = nodes.entry(self.node.for_server(address.server.as_ref())).or_default();
            if !projects.contains(&address.project) {
                projects.push(address.project.clone());
            }
        }
        Ok(nodes)
    }

    async fn mirror(
        &self,
        peer: &Peer,
        url: &NodeUrl,
        project: ProjectName,
        data: &Path,
        pins: &Pins,
    ) -> anyhow::Result<Mirror> {
        let server = url.server();
        if self.trust_new_owner {
            let release = peer.resolve(&project).await.with_context(|| project.to_string())?.release;
            pins.accept(&server, &release)?;
        }
        let store = data.join(places::file_name(&server)).join(project.as_str());
        Ok(Mirror {
            peer: peer.clone(),
            project,
            store: DirStore::open(store).await?,
            server,
            pins: pins.clone(),
            update_wait: Mirror::UPDATE_WAIT,
        })
    }
}

async fn host(mirror: &Mirror, screen: &Screen, json: bool) -> anyhow::Result<()> {
    let project = &mirror.project;
    let mut progress: Option<Progress> = None;
    let ended = mirror
        .run(|event| {
            if json {
                tell_program(project, &event);
            }
            match event {
                MirrorEvent::Release(site) => {
                    let size = site.manifest.files().iter().map(|file| file.size).sum();
                    screen.remark(format_args!(
                        "{project} version {}: {}, {}",
                        site.release.version,
                        output::count(site.manifest.files().len() as u64, "file"),
                        output::size(size)
                    ));
                }
                MirrorEvent::Progress { have, of } => {
                    progress
                        .get_or_insert_with(|| screen.chunks(project.as_str()))
                        .set(have as u64, of as u64);
                }
                MirrorEvent::Complete { version, fetched } => {
                    if let Some(progress) = progress.take() {
                        progress.finish();
                    }
                    let fetched = output::count(fetched as u64, "chunk");
                    screen.remark(format_args!(
                        "{project} version {version} is all here ({fetched} fetched); hosting"
                    ));
                }
                MirrorEvent::Trouble { error, again_in } => {
                    screen
                        .remark(format_args!("{project}: {error}; again in {:.0} s", again_in.as_secs_f64()));
                }
            }
        })
        .await;
    if let Some(progress) = progress.take() {
        progress.finish();
    }
    ended.with_context(|| format!("{project} is not hosted"))
}

fn tell_program(project: &ProjectName, event: &MirrorEvent<'_>) {
    let object = match event {
        MirrorEvent::Release(site) => json!({
            "event": "release",
            "project": project.as_str(),
            "version": site.release.version,
            "files": site.manifest.files().len(),
            "chunks": site.manifest.chunks().len(),
        }),
        MirrorEvent::Complete { version, fetched } => json!({
            "event": "complete",
            "project": project.as_str(),
            "version": version,
            "fetched_chunks": fetched,
        }),
        MirrorEvent::Trouble { error, again_in } => json!({
            "event": "trouble",
            "project": project.as_str(),
            "code": error.code().map(|code| code.as_str()),
            "message": error.to_string(),
            "again_in_ms": again_in.as_millis() as u64,
        }),
        MirrorEvent::Progress { .. } => return,
    };
    output::say_json(&object);
}
