//! Downloading: whole, resumed, and refused where something is in the way.

use std::fs;

use crowd_peer::download::{self, Progress};
use crowd_peer::{Peer, PeerError, Site};

use crate::content::{CHUNK, Content, bytes, project};
use crate::fake_node::{FakeNode, Session};

async fn download(
    content: &mut Content,
    peer: &Peer,
    session: &mut Session,
    prefix: &str,
    dir: &std::path::Path,
) -> Result<Progress, PeerError> {
    let work = async {
        let release = peer.resolve(project()).await?.release;
        let site = Site::fetch(peer, release).await?;
        download::site(peer, &site, prefix, dir, |_| {}).await
    };
    tokio::select! {
        done = work => done,
        _ = content.serve(session, |_| false) => panic!("the peer left"),
    }
}

#[tokio::test]
async fn a_download_is_whole_and_resumed_where_it_was() {
    let node = FakeNode::bind().await;
    let (peer, mut session) = node.peer().await;
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("out");
    let big = bytes(3, 40 * CHUNK + 5);
    let mut content = Content::new(1, &[("docs/big.bin", &big), ("docs/empty", b""), ("index.html", b"hi")]);
    let done = download(&mut content, &peer, &mut session, "", &dir).await.unwrap();
    assert_eq!((done.files, done.fetched_chunks, done.bytes), (3, 42, done.of_bytes));
    assert_eq!(fs::read(dir.join("docs/big.bin")).unwrap(), big);
    assert_eq!(fs::read(dir.join("docs/empty")).unwrap(), b"");
    // All there: nothing is fetched.
    let done = download(&mut content, &peer, &mut session, "", &dir).await.unwrap();
    assert_eq!((done.files, done.fetched_chunks, done.bytes), (3, 0, done.of_bytes));
    // One chunk is damaged and the end is missing: those two are fetched.
    let mut damaged = big[..40 * CHUNK].to_vec();
    damaged[CHUNK] ^= 1;
    fs::write(dir.join("docs/big.bin"), damaged).unwrap();
    let done = download(&mut content, &peer, &mut session, "docs/", &dir.join("docs")).await.unwrap();
    assert_eq!((done.files, done.fetched_chunks), (2, 2));
    assert_eq!(fs::read(dir.join("docs/big.bin")).unwrap(), big);
    assert_eq!(fs::read_dir(dir.join("docs")).unwrap().count(), 2, "no part is left behind");
    assert!(!dir.join("docs/index.html").exists());
}

#[tokio::test]
async fn a_broken_download_keeps_what_it_has() {
    let node = FakeNode::bind().await;
    let (peer, mut session) = node.peer().await;
    let dir = tempfile::tempdir().unwrap();
    let big = bytes(9, 20 * CHUNK);
    let mut content = Content::new(1, &[("big.bin", &big)]);
    let last = content.manifest.chunks()[19];
    let kept = content.chunks.remove(&last).unwrap();
    let error = download(&mut content, &peer, &mut session, "", dir.path()).await.unwrap_err();
    assert_eq!(error.code(), Some(crowd_protocol::ErrorCode::NotFound));
    assert!(!dir.path().join("big.bin").exists());
    content.chunks.insert(last, kept);
    let done = download(&mut content, &peer, &mut session, "", dir.path()).await.unwrap();
    assert!(done.fetched_chunks < 20, "{done:?}");
    assert_eq!(fs::read(dir.path().join("big.bin")).unwrap(), big);
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_is_written_through_a_symlink() {
    let node = FakeNode::bind().await;
    let (peer, mut session) = node.peer().await;
    let dir = tempfile::tempdir().unwrap();
    let (out, outside) = (dir.path().join("out"), dir.path().join("outside"));
    fs::create_dir_all(&out).unwrap();
    fs::create_dir_all(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, out.join("docs")).unwrap();
    let mut content = Content::new(1, &[("docs/a.txt", b"a")]);
    let error = download(&mut content, &peer, &mut session, "", &out).await.unwrap_err();
    assert!(matches!(error, PeerError::UnsafePath { .. }), "{error}");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}
