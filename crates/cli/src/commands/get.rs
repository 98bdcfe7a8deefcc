//! `crowd get`: a file, a folder or all of a project, verified from the owner's signature down.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use crowd_peer::{FETCH_WINDOW, Peer, Pins, Site, download};
use crowd_protocol::{FileEntry, Manifest, RequestPath};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::json;

use crate::exit::Failure;
use crate::node_args::NodeArgs;
use crate::progress::{Progress, Screen};
use crate::site_link::SiteLink;
use crate::{output, places};

/// Fetch and verify one file, a folder, or all of a project
///
/// A file is written to standard output, or to the file given with -o. A folder (with or without its slash), or a whole
/// project, is written into a folder: what is there and right is kept, so a download that was broken off goes on where it
/// was; a file that differs is replaced, and files that the project doesn't have are left alone.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  crowd get crowd://localhost:7000/mysite/index.html
      print one file
  crowd get crowd://localhost:7000/mysite/video.mp4 -o video.mp4
  crowd get crowd://localhost:7000/mysite/
      all of it, into the folder mysite
  crowd get crowd://localhost:7000/mysite/docs/ -o docs
      one folder of it
  crowd get crowd://mysite/index.html --node https://discovery.example.org")]
pub(crate) struct GetArgs {
    /// What to fetch
    #[arg(value_name = "crowd://SERVER/PROJECT/PATH")]
    link: SiteLink,

    /// Where to write it: a file, or for a folder a folder [default: standard output, or the folder's name]
    #[arg(short, long, value_name = "F")]
    output: Option<PathBuf>,

    #[command(flatten)]
    node: NodeArgs,

    /// Believe the present owner, even where another was seen before
    #[arg(long)]
    trust_new_owner: bool,

    /// Print what was fetched as a JSON object; a file needs -o then
    #[arg(long)]
    json: bool,
}

/// What an address comes to.
enum Wanted<'m> {
    File(&'m FileEntry),
    /// All below this prefix: empty, or with its trailing `/`.
    Folder(String),
}

impl GetArgs {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let SiteLink(address) = &self.link;
        let url = self.node.for_server(address.server.as_ref());
        let peer = self.node.connect(&url).await?;
        let release = peer.resolve(&address.project).await.with_context(|| address.to_string())?.release;
        let pins = Pins::new(places::owners()?);
        if self.trust_new_owner {
            pins.accept(&url.server(), &release)?;
        } else {
            pins.check(&url.server(), &release)
                .context("it is not fetched; --trust-new-owner believes the new one from now on")?;
        }
        let site = Site::fetch(&peer, release).await.with_context(|| address.to_string())?;
        let done = match wanted(&site.manifest, &address.path) {
            None => Err(Failure::NotFound(format!("{} has no {}", address.project, address.path)).into()),
            Some(Wanted::File(file)) => self.file(&peer, &site, file).await,
            Some(Wanted::Folder(prefix)) => self.folder(&peer, &site, &prefix).await,
        };
        peer.close().await;
        done.with_context(|| address.to_string())
    }

    async fn file(&self, peer: &Peer, site: &Site, file: &FileEntry) -> anyhow::Result<()> {
        let name = file.path.as_str().rsplit('/').next().unwrap_or_default();
        let to = match &self.output {
            Some(path) if path.as_os_str() == "-" => None,
            Some(path) if path.is_dir() => Some(path.join(name)),
            output => output.clone(),
        };
        if self.json && to.is_none() {
            return Err(Failure::Usage("with --json a file needs -o F".to_owned()).into());
        }
        let screen = Screen::new(self.json);
        let mut progress = screen.bytes(name);
        match &to {
            None => {
                let mut out = std::io::stdout().lock();
                copy(peer, site, file, &mut out, &mut progress).await?;
                out.flush()?;
            }
            Some(path) => write_whole(peer, site, file, path, &mut progress).await?,
        }
        progress.finish();
        if let Some(path) = to {
            self.report(site, 1, file.size, file.chunks.len(), &path, &screen);
        }
        Ok(())
    }

    async fn folder(&self, peer: &Peer, site: &Site, prefix: &str) -> anyhow::Result<()> {
        let name = prefix.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty());
        let dir = match &self.output {
            Some(dir) => dir.clone(),
            None => PathBuf::from(name.unwrap_or(site.project().as_str())),
        };
        // It may be the very folder that was published, with changes in it that nobody has yet.
        let in_use = || fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some());
        if self.output.is_none() && in_use() {
            let dir = dir.display();
            let why =
                format!("{dir} is there and not empty; -o {dir} writes into it and replaces what differs");
            return Err(Failure::Refused(why).into());
        }
        let screen = Screen::new(self.json);
        let mut progress = screen.bytes(dir.display().to_string());
        let done =
            download::site(peer, site, prefix, &dir, |now| progress.set(now.bytes, now.of_bytes)).await?;
        progress.finish();
        self.report(site, done.files, done.bytes, done.fetched_chunks, &dir, &screen);
        Ok(())
    }

    fn report(&self, site: &Site, files: usize, bytes: u64, fetched: usize, to: &Path, screen: &Screen) {
        if self.json {
            output::say_json(&json!({
                "project": site.project().as_str(),
                "version": site.release.version,
                "owner": site.release.owner.to_string(),
                "files": files,
                "bytes": bytes,
                "fetched_chunks": fetched,
                "output": to.display().to_string(),
            }));
            return;
        }
        screen.remark(format_args!(
            "{} of {} version {}, {} ({} fetched) in {}",
            output::count(files as u64, "file"),
            site.project(),
            site.release.version,
            output::size(bytes),
            output::count(fetched as u64, "chunk"),
            to.display()
        ));
    }
}

fn wanted<'m>(manifest: &'m Manifest, path: &RequestPath) -> Option<Wanted<'m>> {
    let path = path.as_str();
    if let Some(file) = manifest.file(path) {
        return Some(Wanted::File(file));
    }
    let prefix = if path.is_empty() || path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
    let some = manifest.files().iter().any(|file| file.path.as_str().starts_with(&prefix));
    (some || prefix.is_empty()).then_some(Wanted::Folder(prefix))
}

/// Writes a file's chunks in their order as they come.
async fn copy(
    peer: &Peer,
    site: &Site,
    file: &FileEntry,
    out: &mut impl Write,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    let mut chunks = stream::iter((0..).zip(site.manifest.file_chunks(file)))
        .map(|(at, hash)| site.fetch_chunk(peer, hash, site.manifest.chunk_len(file, at)))
        .buffered(FETCH_WINDOW);
    let mut done = 0;
    while let Some(chunk) = chunks.try_next().await? {
        out.write_all(&chunk)?;
        done += chunk.len() as u64;
        progress.set(done, file.size);
    }
    Ok(())
}

/// The file appears when all of it is there.
async fn write_whole(
    peer: &Peer,
    site: &Site,
    file: &FileEntry,
    path: &Path,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let part = path.with_file_name(format!(".{name}.crowd-part"));
    let work = async {
        let mut out = std::fs::File::create(&part).with_context(|| part.display().to_string())?;
        copy(peer, site, file, &mut out, progress).await?;
        std::fs::rename(&part, path).with_context(|| path.display().to_string())
    };
    let done = work.await;
    if done.is_err() {
        std::fs::remove_file(&part).ok();
    }
    done
}
