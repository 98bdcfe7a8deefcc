//! `crowd publish`: a folder becomes a signed release, and this computer its first host.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use crowd_peer::folder::{self, Folder, Skipped};
use crowd_peer::{FolderOptions, FolderStore, Peer, PeerError, Publication};
use crowd_protocol::{ErrorCode, Have, OwnerKey, Release, RequestPath, Resolution, SigningKey, WireError};
use serde_json::json;

use crate::changes::Changes;
use crate::key_file::KeyFile;
use crate::node_args::NodeArgs;
use crate::progress::Screen;
use crate::{clock, handover, keep_hosting, output};

/// With two computers publishing the same project at once, each tries so often to be the later one.
const ATTEMPTS: usize = 3;
/// More files than this that were left out are only counted.
const NAMED: usize = 8;

/// Publish a folder, print its link, and keep hosting it
///
/// Signs what is in the folder with your key and hosts it straight from its files, until you stop it with Ctrl-C: what
/// you change meanwhile is not served until you publish again, which raises the version. A name belongs to the key that
/// published it first. What is private by its name (.git, .env, .ssh and their like) is left out; symlinks are followed.
/// Both are named.
///
/// A crowd.toml in the folder may say name, index, not_found, spa and chunk_size; it is not published itself.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  crowd publish mysite
      on the node on this computer, under the name mysite
  crowd publish . --name mysite --node https://discovery.example.org
      on another node, under another name
  crowd publish public --once
      in a build: leave when another host, such as `crowd host`, has all of it
  crowd publish mysite --json | head -1 | jq -r .link

crowd.toml:
  name = \"mysite\"          # instead of the folder's name
  not_found = \"404.html\"   # for unknown paths; 404.html is taken by itself
  spa = true               # answer unknown paths with the index
  chunk_size = 262144      # bytes; fewer and larger requests for large files on fast lines")]
pub(crate) struct PublishArgs {
    /// The folder
    #[arg(value_name = "DIR")]
    dir: PathBuf,

    /// The project's name: 1 to 63 of a-z, 0-9 and - [default: what crowd.toml says, or the folder's name]
    #[arg(long, value_name = "N")]
    name: Option<String>,

    #[command(flatten)]
    node: NodeArgs,

    /// The owner's key [default: yours, which is made the first time]
    #[arg(long, env = "CROWD_KEY", value_name = "F")]
    key: Option<PathBuf>,

    /// For clusters where publishing needs one
    #[arg(long, env = "CROWD_TOKEN", value_name = "T", hide_env_values = true)]
    token: Option<String>,

    /// Bytes of a chunk: a power of two from 1024 to 262144 [default: 65536, or more where the site is large]
    #[arg(long, env = "CROWD_CHUNK_SIZE", value_name = "N")]
    chunk_size: Option<u32>,

    /// Leave when another host has all of it
    ///
    /// When the cluster counts another host, this one steps back and asks for every chunk; if all come, it leaves, else
    /// it goes on hosting. A chunk may be answered from a node's memory, and the other host may leave right after: run a
    /// `crowd host` for a site that has to stay.
    #[arg(long)]
    once: bool,

    /// Print JSON objects, one a line: published, then hosting now and then, or handed_over with --once
    #[arg(long)]
    json: bool,
}

/// How the release that is hosted came to be.
enum Outcome {
    First,
    Updated(Option<Changes>),
    /// The folder is what is published already.
    Unchanged,
}

impl PublishArgs {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let screen = Screen::new(self.json);
        let folder = Arc::new(self.scan(&screen).await?);
        let key = KeyFile::at(self.key.clone())?.load_or_create()?;
        let peer = self.node.connect(&self.node.node).await?;
        let store = Arc::new(FolderStore::new(Arc::clone(&folder)));
        let (publication, outcome) = self.publish(&peer, &key, &folder, store).await?;
        self.announce(&peer, &folder, &publication.release, &outcome);
        if self.once {
            handover::wait(&peer, &folder, &publication, &screen).await?;
            if self.json {
                output::say_json(&json!({ "event": "handed_over", "project": folder.project().as_str() }));
            }
        } else {
            keep_hosting::run(&peer, &publication, &screen, self.json).await?;
        }
        peer.close().await;
        Ok(())
    }

    async fn scan(&self, screen: &Screen) -> anyhow::Result<Folder> {
        let options = FolderOptions {
            name: self.name.clone(),
            chunk_size: self.chunk_size,
            ..FolderOptions::default()
        };
        let mut progress = screen.bytes("reading");
        // The hashing thread must not wait for the terminal: it leaves the newest state where it is looked up.
        let (tell, mut told) = tokio::sync::watch::channel(folder::ScanProgress::default());
        let mut scanning = std::pin::pin!(folder::scan(&self.dir, options, move |now| {
            tell.send_replace(now);
        }));
        let folder = loop {
            tokio::select! {
                folder = &mut scanning => break folder,
                Ok(()) = told.changed() => {
                    let now = *told.borrow_and_update();
                    progress.set(now.bytes, now.of_bytes);
                }
            }
        };
        progress.finish();
        let folder = folder.with_context(|| format!("{} can't be published", self.dir.display()))?;
        tell_skipped(&folder.skipped, screen);
        let root = RequestPath::parse("").context("the empty path is a path")?;
        if !matches!(folder.manifest.resolve(&root), Resolution::File(_, 200)) {
            screen.remark(format_args!("it has no index.html: the link itself will show nothing"));
        }
        if let [first, ..] = &folder.outside[..] {
            let (count, first) = (output::count(folder.outside.len() as u64, "symlink"), first.display());
            screen.remark(format_args!(
                "{count} such as {first} lead out of the folder; what they point to is published"
            ));
        }
        Ok(folder)
    }

    /// Makes the folder the newest release, unless it is that already, and hosts it.
    async fn publish(
        &self,
        peer: &Peer,
        key: &SigningKey,
        folder: &Folder,
        store: Arc<FolderStore>,
    ) -> anyhow::Result<(Publication, Outcome)> {
        let project = folder.project();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let present = match peer.resolve(project).await {
                Ok(resolved) => Some(resolved.release),
                Err(error) if error.code() == Some(ErrorCode::UnknownProject) => None,
                Err(error) => return Err(error).with_context(|| format!("{project} can't be looked up")),
            };
            if let Some(present) = &present {
                owned_by(present, OwnerKey::of(key))?;
            }
            let publication = |release| Publication {
                release,
                store: store.clone(),
                have: Some(Have::All),
                token: self.token.clone(),
            };
            if let Some(present) = present.as_ref().filter(|present| present.manifest == folder.manifest_hash)
            {
                peer.host(project, present.version, Have::All, store.clone()).await?;
                return Ok((publication(present.clone()), Outcome::Unchanged));
            }
            let version = present.as_ref().map_or(1, |present| present.version + 1);
            let release = Release::sign(key, project.clone(), version, folder.manifest_hash, clock::now())?;
            let outcome = match present {
                None => Outcome::First,
                Some(present) => Outcome::Updated(Changes::since(peer, present, &folder.manifest).await),
            };
            let publication = publication(release);
            match peer.publish(publication.clone()).await {
                Ok(()) => return Ok((publication, outcome)),
                Err(error) if error.code() == Some(ErrorCode::StaleVersion) && attempts < ATTEMPTS => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("{project} was not published"));
                }
            }
        }
    }

    fn announce(&self, peer: &Peer, folder: &Folder, release: &Release, outcome: &Outcome) {
        let project = folder.project();
        let url = peer.connection().map_or_else(|| self.node.node.clone(), |connection| connection.url);
        let link = url.link(project);
        let crowd = format!("crowd://{}/{project}/", url.server());
        let (files, chunks) = (folder.manifest.files().len(), folder.manifest.chunks().len());
        let changes = match outcome {
            Outcome::Updated(changes) => changes.as_ref(),
            _ => None,
        };
        if self.json {
            output::say_json(&json!({
                "event": "published",
                "project": project.as_str(),
                "version": release.version,
                "owner": release.owner.to_string(),
                "manifest": release.manifest.to_string(),
                "link": link,
                "crowd": crowd,
                "changed": !matches!(outcome, Outcome::Unchanged),
                "files": files,
                "chunks": chunks,
                "bytes": folder.size(),
                "changed_files": changes.map(|changes| changes.files()),
                "new_chunks": changes.map(|changes| changes.new_chunks),
            }));
            return;
        }
        let version = release.version;
        let what = format!(
            "{}, {}, {}",
            output::count(files as u64, "file"),
            output::size(folder.size()),
            output::count(chunks as u64, "chunk")
        );
        output::remark(match outcome {
            Outcome::First => format!("published {project} version {version}: {what}"),
            Outcome::Updated(Some(changes)) => {
                format!("published {project} version {version}: {changes}; now {what}")
            }
            Outcome::Updated(None) => format!("published {project} version {version}: {what}"),
            Outcome::Unchanged => format!("nothing changed: hosting {project} version {version}, {what}"),
        });
        output::say(format_args!("{link}\n{crowd}"));
    }
}

fn owned_by(release: &Release, owner: OwnerKey) -> Result<(), PeerError> {
    if release.owner == owner {
        return Ok(());
    }
    let why = format!(
        "the name {} belongs to another key ({}; yours is {owner}): choose another with --name, or the right key with \
         --key",
        release.project, release.owner
    );
    Err(WireError::new(ErrorCode::NameTaken, why).into())
}

fn tell_skipped(skipped: &[Skipped], screen: &Screen) {
    for Skipped { path, why } in skipped.iter().take(NAMED) {
        screen.remark(format_args!("left out {}: {why}", path.display()));
    }
    if let Some(more) = skipped.len().checked_sub(NAMED).filter(|more| *more > 0) {
        screen.remark(format_args!("left out {more} more"));
    }
}
