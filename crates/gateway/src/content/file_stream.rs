//! The bytes of a file as a stream of its chunks: in order, a few ahead of what the client has read.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::{ErrorCode, FileEntry, WireError};
use crowd_relay::{Chunk, Relay, Site};
use crowd_trace::Door;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use tokio::time::sleep;

use crate::BodyError;
use crate::trace::leaves_out;

/// Chunks asked for beyond the one that is being sent: hides the way to a peer and back, and bounds what one client
/// that reads slowly can hold.
const READ_AHEAD: usize = 4;
/// After the head is sent, a node without room is asked this often before the answer is cut short.
const TRIES: u32 = 4;
/// Between these tries at most.
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// Chunks of one answer that its trace shows. A file has thousands, each of them several spans on several nodes, and
/// strangers are limited by the answers that they have recorded.
const RECORDED: u32 = 16;

/// A part of a file, not empty.
#[derive(Clone)]
pub(crate) struct FileStream {
    pub(crate) relay: Arc<Relay>,
    pub(crate) site: Site,
    pub(crate) file: FileEntry,
    pub(crate) bytes: Range<u64>,
}

impl FileStream {
    /// Fetches the first chunk, so that a failure still has a status; the stream fetches the others as it is polled,
    /// and nothing more once it is dropped.
    pub(crate) async fn open(
        self,
    ) -> Result<impl Stream<Item = Result<Bytes, BodyError>> + Send + use<>, WireError> {
        let chunk_size = u64::from(self.site.manifest.chunk_size());
        let first = (self.bytes.start / chunk_size) as u32;
        let end = self.bytes.end.div_ceil(chunk_size) as u32;
        let head = self.piece(first, 1).await?;
        let (places, file) = (Places::of(first..end), Arc::new(self));
        let rest = stream::iter(first + 1..end).map(move |at| {
            let (place, file) = (places.at(at), file.clone());
            async move { place.run(file.piece(at, TRIES)).await.map_err(BodyError::from) }
        });
        Ok(stream::once(async { Ok(head) }).chain(rest.buffered(READ_AHEAD)))
    }

    /// All of it at once, for what is small.
    pub(crate) async fn collect(self) -> Result<Vec<u8>, WireError> {
        let chunk_size = u64::from(self.site.manifest.chunk_size());
        let (first, end) = (self.bytes.start / chunk_size, self.bytes.end.div_ceil(chunk_size));
        let chunks = first as u32..end as u32;
        let (places, file) = (Places::of(chunks.clone()), &self);
        let pieces = stream::iter(chunks).map(|at| {
            let place = places.at(at);
            async move { place.run(file.piece(at, TRIES)).await }
        });
        let whole = Vec::with_capacity((self.bytes.end - self.bytes.start) as usize);
        let join = async |mut whole: Vec<u8>, piece: Bytes| {
            whole.extend_from_slice(&piece);
            Ok(whole)
        };
        pieces.buffered(READ_AHEAD).try_fold(whole, join).await
    }

    /// The wanted bytes of the `at`-th chunk.
    async fn piece(&self, at: u32, tries: u32) -> Result<Bytes, WireError> {
        let mut tried = 1;
        let chunk = loop {
            match self.relay.fetch(self.site.ask(&self.file, at)?).await {
                Err(error) if error.code == ErrorCode::RateLimited && tried < tries => {
                    tried += 1;
                    let pause = Duration::from_millis(error.retry_after_ms.unwrap_or_default());
                    sleep(pause.min(MAX_PAUSE)).await;
                }
                result => break result?,
            }
        };
        let start = u64::from(at) * u64::from(self.site.manifest.chunk_size());
        let end = start + chunk.bytes.len() as u64;
        let from = self.bytes.start.clamp(start, end) - start;
        let to = self.bytes.end.clamp(start, end) - start;
        Ok(shared_bytes(chunk).slice(from as usize..to as usize))
    }
}

/// Where in the trace the chunks of an answer are fetched.
struct Places {
    recorded: Door,
    unrecorded: Door,
    /// The first that is not recorded.
    from: u32,
}

impl Places {
    /// Those of the current answer, which has these chunks.
    fn of(chunks: Range<u32>) -> Self {
        let (recorded, from) = (Door::here(), chunks.start.saturating_add(RECORDED));
        leaves_out(chunks.end.saturating_sub(from));
        Self { unrecorded: recorded.unrecorded(), recorded, from }
    }

    fn at(&self, chunk: u32) -> Door {
        if chunk < self.from { self.recorded.clone() } else { self.unrecorded.clone() }
    }
}

/// The bytes of a chunk, whose room stays taken until the last of them has left.
pub(crate) fn shared_bytes(chunk: Chunk) -> Bytes {
    struct Owner(Chunk);

    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            &self.0.bytes
        }
    }

    Bytes::from_owner(Owner(chunk))
}
