//! An always-on host of one project: it fetches what the newest release has, serves it while it grows, and follows
//! updates. `crowd host` runs one for each project.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crowd_protocol::{BitField, ChunkHash, ErrorCode, Have, OLDER_VERSION_S, ProjectName, Release, Server};
use futures_util::{StreamExt, stream};
use rand::seq::SliceRandom;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::{Backoff, ChunkStore, DirStore, Event, FETCH_WINDOW, Peer, PeerError, Pins, Site};

/// Even without an `updated` the newest release is asked for this often: events may be lost.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// Chunks announced in one `have`, at most, but for those that come within [`HAVE_EVERY`].
const HAVE_BATCH: usize = 32;
/// A chunk that is here is announced within this.
const HAVE_EVERY: Duration = Duration::from_millis(200);
/// Chunks read at once to see whether they are still right.
const CHECKING: usize = 4;
/// What only the older release needs is deleted once nobody can ask for it.
const TIDY_AFTER: Duration = Duration::from_secs(OLDER_VERSION_S + 5);
/// A chunk that is missing where it should be makes all be checked, but no more often than this.
const CHECK_AGAIN: Duration = Duration::from_secs(60);
/// With this many chunks that can't be had, the rest is left for later.
const FAILURES: usize = 64;
/// Between tries while something is missing.
const AGAIN: Backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(60) };

/// What a mirror is doing.
#[derive(Debug)]
pub enum MirrorEvent<'m> {
    /// There is a release to fetch.
    Release(&'m Site),
    /// Chunks that are here, of all.
    Progress {
        /// Here and right.
        have: usize,
        /// In the manifest, repeats counted.
        of: usize,
    },
    /// All of a release is here and served.
    Complete {
        /// Its version.
        version: u64,
        /// Chunks that were fetched for it.
        fetched: usize,
    },
    /// Something failed; it is tried again after a wait.
    Trouble {
        /// What.
        error: &'m PeerError,
        /// The wait.
        again_in: Duration,
    },
}

/// A host of one project.
pub struct Mirror {
    /// Connected to the project's cluster.
    pub peer: Peer,
    /// Which project.
    pub project: ProjectName,
    /// Where its chunks are kept: for this project alone, since what no release needs is deleted from it.
    pub store: DirStore,
    /// The discovery server, as the person named it.
    pub server: Server,
    /// Whose release is believed.
    pub pins: Pins,
    /// A random part of this is waited before an update is fetched: [`Mirror::UPDATE_WAIT`].
    pub update_wait: Duration,
}

impl Mirror {
    /// What the protocol asks of hosts, so that they don't all fetch at once.
    pub const UPDATE_WAIT: Duration = Duration::from_secs(5);

    /// Hosts until it is dropped. Ends by itself only where no waiting helps: an unknown or blocked project, another
    /// owner.
    pub async fn run(&self, mut on_event: impl FnMut(MirrorEvent<'_>)) -> Result<(), PeerError> {
        let mut events = self.peer.events();
        let (mut done, mut failures) = (None::<Release>, 0);
        let (mut tidy_at, mut checked) = (None, Instant::now());
        loop {
            match self.catch_up(done.as_ref(), &mut on_event).await {
                Ok(release) => {
                    failures = 0;
                    if done.as_ref() != Some(&release) {
                        tidy_at = Some(Instant::now() + TIDY_AFTER);
                    }
                    let news = self.wait_for_news(&release, &mut events, &mut tidy_at).await?;
                    let damaged = news == News::NotHere && checked.elapsed() >= CHECK_AGAIN;
                    done = (!damaged).then_some(release);
                    if damaged {
                        checked = Instant::now();
                    }
                }
                Err(error) if is_final(&error, done.is_none()) => return Err(error),
                Err(error) => {
                    failures += 1;
                    let again_in = AGAIN.wait(failures);
                    on_event(MirrorEvent::Trouble { error: &error, again_in });
                    sleep(again_in).await;
                }
            }
        }
    }

    /// Fetches and hosts the newest release, if it is not the one that is `done`.
    async fn catch_up(
        &self,
        done: Option<&Release>,
        on_event: &mut impl FnMut(MirrorEvent<'_>),
    ) -> Result<Release, PeerError> {
        let release = self.peer.resolve(&self.project).await?.release;
        self.pins.check(&self.server, &release)?;
        // A node that has not heard of our release yet may still answer with the one before.
        if let Some(done) = done.filter(|done| done.version >= release.version) {
            return Ok(done.clone());
        }
        let version = release.version;
        let site = self.manifest(release).await?;
        on_event(MirrorEvent::Release(&site));
        let all = site.manifest.chunks().len();
        let mut missing = self.missing(&site).await;
        let mut bits = BitField::new(all);
        for (number, hash) in (0..).zip(site.manifest.chunks()) {
            if !missing.contains_key(hash) {
                bits.set(number);
            }
        }
        on_event(MirrorEvent::Progress { have: bits.count(all), of: all });
        let fetched = missing.len();
        if fetched > 0 {
            self.host(version, Have::Bits(bits.clone())).await?;
            // Not in order, so that hosts that start together have something for each other.
            let mut wanted: Vec<_> = missing.drain().collect();
            wanted.shuffle(&mut rand::rng());
            self.fetch(&site, wanted, bits, on_event).await?;
        }
        self.host(version, Have::All).await?;
        on_event(MirrorEvent::Complete { version, fetched });
        Ok(site.release)
    }

    async fn host(&self, version: u64, have: Have) -> Result<(), PeerError> {
        let store: Arc<dyn ChunkStore> = Arc::new(self.store.clone());
        self.peer.host(&self.project, version, have, store).await
    }

    /// The manifest, from the store if it is there.
    async fn manifest(&self, release: Release) -> Result<Site, PeerError> {
        if let Some(bytes) = self.store.read(release.manifest).await {
            return Site::of(release, bytes);
        }
        let site = Site::fetch(&self.peer, release).await?;
        self.store.put(site.manifest_bytes.clone()).await?;
        Ok(site)
    }

    /// The chunks, with their lengths, that are not in the store or no longer right.
    async fn missing(&self, site: &Site) -> HashMap<ChunkHash, u32> {
        let mut wanted = HashMap::new();
        for file in site.manifest.files() {
            for (at, hash) in (0..).zip(site.manifest.file_chunks(file)) {
                wanted.insert(*hash, site.manifest.chunk_len(file, at));
            }
        }
        stream::iter(wanted)
            .map(|(hash, len)| async move {
                let here = self.store.read(hash).await.is_some();
                (!here).then_some((hash, len))
            })
            .buffer_unordered(CHECKING)
            .filter_map(std::future::ready)
            .collect()
            .await
    }

    /// Fetches what is wanted and announces it as it comes. What can't be had now is the error of the whole.
    async fn fetch(
        &self,
        site: &Site,
        wanted: Vec<(ChunkHash, u32)>,
        mut bits: BitField,
        on_event: &mut impl FnMut(MirrorEvent<'_>),
    ) -> Result<(), PeerError> {
        let all = site.manifest.chunks().len();
        let mut have = bits.count(all);
        let mut coming = stream::iter(wanted)
            .map(|(hash, len)| async move {
                let bytes = site.fetch_chunk(&self.peer, &hash, len).await?;
                self.store.put(bytes).await
            })
            .buffer_unordered(FETCH_WINDOW);
        let (mut batch, mut failed, mut failures) = (Vec::new(), None, 0);
        let mut flush_at = Instant::now() + HAVE_EVERY;
        loop {
            let next = timeout_at(flush_at, coming.next()).await;
            let over = matches!(next, Ok(None));
            match next {
                Ok(Some(Ok(hash))) => {
                    let numbers = site.manifest.numbers_of(&hash).iter();
                    batch.extend(numbers.filter(|number| bits.set(**number)));
                }
                Ok(Some(Err(error))) => {
                    failures += 1;
                    failed.get_or_insert(error);
                }
                Ok(None) | Err(_) => {}
            }
            if over || batch.len() >= HAVE_BATCH || flush_at <= Instant::now() {
                flush_at = Instant::now() + HAVE_EVERY;
                if !batch.is_empty() {
                    self.peer.have(&self.project, site.release.version, &batch).await?;
                    have += batch.len();
                    batch.clear();
                    on_event(MirrorEvent::Progress { have, of: all });
                }
            }
            if over || failures >= FAILURES {
                return failed.map_or(Ok(()), Err);
            }
        }
    }

    /// Waits until there may be something to do; meanwhile deletes what the older release needed, at `tidy_at`.
    async fn wait_for_news(
        &self,
        release: &Release,
        events: &mut Receiver<Event>,
        tidy_at: &mut Option<Instant>,
    ) -> Result<News, PeerError> {
        let look_at = Instant::now() + LOOK_AGAIN;
        loop {
            tokio::select! {
                () = sleep_until(look_at) => return Ok(News::Look),
                () = sleep_until(tidy_at.unwrap_or(look_at)), if tidy_at.is_some() => {
                    *tidy_at = None;
                    self.tidy(release).await?;
                }
                event = events.recv() => match event {
                    Ok(Event::Updated { project, version })
                        if project == self.project && version > release.version =>
                    {
                        sleep(self.update_wait.mul_f64(rand::random_range(0.0..1.0))).await;
                        return Ok(News::Look);
                    }
                    Ok(Event::NotHere { project }) if project == self.project => return Ok(News::NotHere),
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => return Ok(News::Look),
                    Err(RecvError::Closed) => return Err(PeerError::Closed),
                },
            }
        }
    }

    async fn tidy(&self, release: &Release) -> Result<(), PeerError> {
        let Some(bytes) = self.store.read(release.manifest).await else { return Ok(()) };
        let site = Site::of(release.clone(), bytes)?;
        let mut wanted: HashSet<ChunkHash> = site.manifest.chunks().iter().copied().collect();
        wanted.insert(release.manifest);
        let deleted = self.store.retain(wanted).await?;
        tracing::debug!(project = %self.project, deleted, "chunks.tidied");
        Ok(())
    }
}

/// Why the newest release is looked at.
#[derive(PartialEq)]
enum News {
    Look,
    /// Something was asked for that should be here.
    NotHere,
}

fn is_final(error: &PeerError, first: bool) -> bool {
    match error.code() {
        Some(ErrorCode::UnknownProject) => first,
        Some(code) => matches!(code, ErrorCode::Blocked | ErrorCode::NotAllowed),
        None => matches!(error, PeerError::OwnerChanged { .. } | PeerError::Closed),
    }
}
