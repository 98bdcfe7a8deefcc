//! How a scripted peer reacts when a node asks it for a chunk.

use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::{ChunkHash, ProjectName};

use crate::TestSite;

/// What the node asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Of which project.
    pub project: ProjectName,
    /// Of which release.
    pub version: u64,
    /// Which chunk.
    pub hash: ChunkHash,
    /// The trace that the node passed on.
    pub traceparent: Option<String>,
}

/// What the peer does.
#[derive(Debug, Clone)]
pub enum Reaction {
    /// Answers these bytes, right or wrong.
    Answer(Bytes),
    /// Answers these bytes after a while.
    Later(Duration, Bytes),
    /// Answers `not_here`.
    NotHere,
    /// Says nothing, ever.
    Mute,
    /// Sends half of an answer and is gone.
    LeaveMidAnswer(Bytes),
}

/// A peer's mind.
pub trait Script: Send + 'static {
    /// Decides about one ask.
    fn react(&mut self, asked: &Asked) -> Reaction;
}

impl<F: FnMut(&Asked) -> Reaction + Send + 'static> Script for F {
    fn react(&mut self, asked: &Asked) -> Reaction {
        self(asked)
    }
}

/// Answers honestly from the site.
impl Script for TestSite {
    fn react(&mut self, asked: &Asked) -> Reaction {
        self.chunk(&asked.hash).map_or(Reaction::NotHere, Reaction::Answer)
    }
}

/// Has nothing.
impl Script for () {
    fn react(&mut self, _: &Asked) -> Reaction {
        Reaction::NotHere
    }
}

/// Answers the site's manifest honestly and does `otherwise` with everything else.
pub fn but<F>(site: &TestSite, mut otherwise: F) -> impl Script + use<F>
where
    F: FnMut(Bytes) -> Reaction + Send + 'static,
{
    let site = site.clone();
    move |asked: &Asked| {
        let bytes = site.chunk(&asked.hash).expect("the site has it");
        if asked.hash == site.release.manifest { Reaction::Answer(bytes) } else { otherwise(bytes) }
    }
}
