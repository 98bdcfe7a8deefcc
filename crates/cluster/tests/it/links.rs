//! Chunks from the peers of other nodes.

use std::time::{Duration, Instant};

use bytes::Bytes;
use crowd_protocol::ErrorCode;
use crowd_relay::Ask;
use futures_util::future::join_all;
use tokio::sync::oneshot;

use crate::support::{Start, Wire, all_see, chunk_ask, eventually, three};

fn chunk(seed: usize, size: usize) -> Bytes {
    (0..size).map(|i| (i * 31 + seed * 17 + i / 251) as u8).collect::<Vec<_>>().into()
}

#[tokio::test]
async fn small_and_large_chunks_come_over_the_link() {
    let [a, b, c] = three().await;
    let chunks = [chunk(1, 1), chunk(2, 300), chunk(3, 65_536), chunk(4, 65_537), chunk(5, 262_144)];
    c.host("site", &chunks).await;
    for node in [&a, &b] {
        for chunk in &chunks {
            let bytes = node.fetch("site", chunk).await.unwrap();
            assert!(bytes == chunk, "{} bytes at {}", chunk.len(), node.name);
        }
    }
    let missing = a.fetch("site", &chunk(9, 10)).await.unwrap_err();
    assert_eq!(missing.code, ErrorCode::NoPeer);
}

#[tokio::test]
async fn many_at_once_share_one_link() {
    let [a, _b, c] = three().await;
    let chunks: Vec<Bytes> = (0..200).map(|i| chunk(i, 100 + (i % 4) * 65_536)).collect();
    c.host("site", &chunks).await;
    let fetched = join_all(chunks.iter().map(|chunk| a.fetch("site", chunk))).await;
    for (fetched, chunk) in fetched.into_iter().zip(&chunks) {
        assert!(fetched.unwrap() == chunk);
    }
}

#[tokio::test]
async fn a_cut_link_fails_what_is_pending_and_is_open_again_once_mended() {
    let wire = Wire::new().await;
    let a = Start::keeper("a").start().await;
    let b = Start { behind: Some(&wire), ..Start::joining("b", &a) }.start().await;
    all_see([&a, &b], &["a", "b"]).await;
    let mute = b.peers.host("mute", &[], false);
    b.cluster.nodes().announce(&"mute".parse().unwrap()).await;
    let holder = a.cluster.nodes().holders(&"mute".parse().unwrap(), true).await.remove(0);
    let ask = || {
        let (reply, answer) = oneshot::channel();
        holder.ask(Ask { chunk: chunk_ask("mute", &"x".into()), trace: None, reply }).unwrap();
        answer
    };
    let mut pending = ask();
    eventually("the peer was asked", Duration::from_secs(2), async || mute.asks().len() == 1).await;
    assert!(pending.try_recv().is_err());

    wire.cut();
    let cut = Instant::now();
    let failed = pending.await.unwrap().unwrap_err();
    assert_eq!(failed.code, ErrorCode::NoPeer);
    assert!(cut.elapsed() < Duration::from_secs(4), "{:?}", cut.elapsed());

    wire.mend();
    b.host("site", &["x".into()]).await;
    let answered = async || a.fetch("site", &"x".into()).await.is_ok();
    eventually("the link is open again", Duration::from_secs(20), answered).await;
}

#[tokio::test]
async fn who_goes_away_is_not_waited_for() {
    let [a, b, _c] = three().await;
    let mute = b.peers.host("mute", &[], false);
    b.cluster.nodes().announce(&"mute".parse().unwrap()).await;
    let holder = a.cluster.nodes().holders(&"mute".parse().unwrap(), true).await.remove(0);
    let (reply, answer) = oneshot::channel();
    holder.ask(Ask { chunk: chunk_ask("mute", &"x".into()), trace: None, reply }).unwrap();
    let asked = async || mute.asks().len() == 1 && holder.open() == 1;
    eventually("the peer was asked", Duration::from_secs(2), asked).await;
    let heard = holder.last_heard();
    eventually("progress is heard", Duration::from_secs(2), async || holder.last_heard() > heard).await;
    drop(answer);
    eventually("the ask is closed", Duration::from_secs(2), async || holder.open() == 0).await;
    let ask = mute.asks().pop().await.unwrap();
    eventually("the peer's ask is closed", Duration::from_secs(2), async || ask.reply.is_closed()).await;
}

#[tokio::test]
async fn a_dead_node_closes_its_mailbox() {
    let [a, b, c] = three().await;
    c.host("site", &["x".into()]).await;
    b.host("site", &["x".into()]).await;
    let holders = a.cluster.nodes().holders(&"site".parse().unwrap(), true).await;
    let c_holder = holders.iter().find(|holder| &**holder.id() == "c").unwrap().clone();
    c.crash().await.unwrap();
    // A live host elsewhere answers, long before the death is known.
    assert_eq!(a.fetch("site", &"x".into()).await.unwrap(), "x");
    eventually("c is down", Duration::from_secs(5), async || a.sees() == ["a", "b"]).await;
    let closed = async || {
        let (reply, _) = oneshot::channel();
        c_holder.ask(Ask { chunk: chunk_ask("site", &"x".into()), trace: None, reply }).is_err()
    };
    eventually("its mailbox is closed", Duration::from_secs(1), closed).await;
}

#[tokio::test]
async fn a_node_that_left_still_answers_what_it_was_asked() {
    let [a, _b, c] = three().await;
    let slow = c.peers.host("slow", &[], false);
    c.cluster.nodes().announce(&"slow".parse().unwrap()).await;
    let holder = a.cluster.nodes().holders(&"slow".parse().unwrap(), true).await.remove(0);
    let (reply, answer) = oneshot::channel();
    holder.ask(Ask { chunk: chunk_ask("slow", &"x".into()), trace: None, reply }).unwrap();
    let ask = slow.asks().pop().await.unwrap();
    c.cluster.leave().await;
    eventually("c is gone", Duration::from_secs(2), async || a.sees() == ["a", "b"]).await;
    ask.reply.send(Ok("x".into())).unwrap();
    assert_eq!(answer.await.unwrap().unwrap(), "x");
}
