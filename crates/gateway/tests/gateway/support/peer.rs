//! The one peer of a test's node: a responder with a small actor that answers from a map.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use crowd_directory::Hosting;
use crowd_protocol::{ChunkHash, ErrorCode, Have, ProjectName, WireError};
use crowd_relay::{Ask, Kind, LocalPeers, Responder};

/// How the peer treats a chunk.
#[derive(Debug, Clone)]
pub(crate) enum Manners {
    Answers(Bytes),
    /// As if it had lost it.
    Refuses,
    /// Never answers; the ask stays open.
    Silent,
    /// Says that it is busy.
    Busy,
}

pub(crate) struct Peer {
    responder: Arc<Responder>,
    versions: Mutex<HashMap<ProjectName, u64>>,
    chunks: Mutex<HashMap<ChunkHash, Manners>>,
    asked: Mutex<Vec<ChunkHash>>,
    open: Mutex<Vec<Ask>>,
}

impl Peer {
    pub(crate) fn start() -> Arc<Self> {
        let peer = Arc::new(Self {
            responder: Arc::new(Responder::new("peer-1", Kind::Peer)),
            versions: Mutex::default(),
            chunks: Mutex::default(),
            asked: Mutex::default(),
            open: Mutex::default(),
        });
        tokio::spawn({
            let peer = peer.clone();
            async move {
                while let Some(ask) = peer.responder.asks().pop().await {
                    peer.take(ask);
                }
            }
        });
        peer
    }

    pub(crate) fn has(&self, chunk: &[u8]) -> ChunkHash {
        let hash = ChunkHash::of(chunk);
        self.treats(hash, Manners::Answers(Bytes::copy_from_slice(chunk)));
        hash
    }

    pub(crate) fn treats(&self, hash: ChunkHash, manners: Manners) {
        self.chunks.lock().unwrap().insert(hash, manners);
    }

    /// What it answers when it is asked for `hash`.
    pub(crate) fn chunk(&self, hash: &ChunkHash) -> Bytes {
        match self.chunks.lock().unwrap().get(hash) {
            Some(Manners::Answers(bytes)) => bytes.clone(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn hosts(&self, project: ProjectName, version: u64) {
        self.versions.lock().unwrap().insert(project, version);
    }

    pub(crate) fn unhosts(&self, project: &str) {
        self.versions.lock().unwrap().remove(&ProjectName::parse(project).unwrap());
    }

    /// What it was asked for so far, and forgets it.
    pub(crate) fn take_asked(&self) -> Vec<ChunkHash> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// Answers, late, what it was asked for and was silent about.
    pub(crate) fn answers_at_last(&self, chunk: &[u8]) {
        let hash = self.has(chunk);
        let mut open = self.open.lock().unwrap();
        for ask in open.extract_if(.., |ask| ask.chunk.hash == hash) {
            let _ = ask.reply.send(Ok(Bytes::copy_from_slice(chunk)));
        }
    }

    /// How many asks it never answered, and how many of those nobody waits for any more.
    pub(crate) fn open(&self) -> (usize, usize) {
        let open = self.open.lock().unwrap();
        (open.len(), open.iter().filter(|ask| ask.reply.is_closed()).count())
    }

    fn take(&self, ask: Ask) {
        let open = self.responder.sent(&ask);
        self.asked.lock().unwrap().push(ask.chunk.hash);
        let manners = self.chunks.lock().unwrap().get(&ask.chunk.hash).cloned();
        let refusal = |code| WireError::new(code, "no");
        let answer = match manners {
            Some(Manners::Answers(bytes)) => Ok(bytes),
            Some(Manners::Silent) => {
                self.responder.closed(open);
                self.open.lock().unwrap().push(ask);
                return;
            }
            Some(Manners::Busy) => Err(refusal(ErrorCode::RateLimited)),
            Some(Manners::Refuses) | None => Err(refusal(ErrorCode::NotHere)),
        };
        match &answer {
            Ok(bytes) => self.responder.answered(open, bytes.len()),
            Err(_) => self.responder.closed(open),
        }
        let _ = ask.reply.send(answer);
    }
}

impl LocalPeers for Peer {
    fn hosting(&self, project: &ProjectName) -> Hosting {
        match self.versions.lock().unwrap().get(project) {
            Some(version) => Hosting { version: *version, all: 1, ..Hosting::none() },
            None => Hosting::none(),
        }
    }

    fn versions(&self, project: &ProjectName) -> Vec<u64> {
        self.versions.lock().unwrap().get(project).copied().into_iter().collect()
    }

    fn projects(&self) -> Vec<ProjectName> {
        self.versions.lock().unwrap().keys().cloned().collect()
    }

    fn pick(
        &self,
        project: &ProjectName,
        _: u32,
        has: &dyn Fn(u64, &Have) -> bool,
        asked: &[Arc<str>],
    ) -> Option<(Arc<Responder>, u64)> {
        let version = *self.versions.lock().unwrap().get(project)?;
        let fits = has(version, &Have::All) && !asked.contains(self.responder.id());
        fits.then(|| (self.responder.clone(), version))
    }
}
