//! What the page of a visitor may be made to upload: the app in it is asked to keep to a limit, the node holds it to one.

use crowd_protocol::{ErrorCode, Have};
use crowd_tests::{Cluster, Event, ScriptedPeer, TestSite, eventually, noise};

/// Bytes of a chunk.
const CHUNK: usize = 8_192;

async fn hosts(cluster: &Cluster, site: &TestSite, origin: Option<&str>) -> ScriptedPeer {
    let address = cluster.node(0).addresses.public;
    let mut peer = ScriptedPeer::try_connect(address, origin, site.clone()).await.unwrap();
    peer.host(site, Have::All).await.unwrap();
    peer
}

/// Chunks, the manifest left out, that a peer was asked for so far.
fn asked(peer: &mut ScriptedPeer, site: &TestSite) -> usize {
    let mut asked = 0;
    while let Ok(event) = peer.events.try_recv() {
        asked += usize::from(matches!(event, Event::Asked(asked) if asked.hash != site.release.manifest));
    }
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_uploaded_twice_its_limit_is_asked_no_more_and_a_program_is() {
    for origin in ["http://capped.localhost:7000", "http://other.example"] {
        let cluster = Cluster::with(2, |config| {
            config.relay.cache_bytes = 0;
            config.upload_bytes_per_day = 4 * CHUNK as u64;
        })
        .await;
        let site = TestSite::chunked("capped", 1, 1, CHUNK as u32, &[("a.bin", noise(3, 40 * CHUNK))]);
        let mut publisher = cluster.peer(0, site.clone()).await;
        publisher.publish(&site).await.unwrap();
        let mut page = hosts(&cluster, &site, Some(origin)).await;
        publisher.close().await;

        // Through another node, so that the cap holds for what is forwarded too.
        let mut reader = cluster.peer(1, ()).await;
        eventually("the page is the only host", async || {
            (reader.resolve(site.project()).await.ok()?.1 == 1).then_some(())
        })
        .await;
        let mut answered = 0;
        let refused = loop {
            assert!(answered < 40, "{origin}: it is asked for ever");
            match reader.by_hash(site.project(), site.hash("a.bin", answered)).await {
                Ok(_) => answered += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(refused.code, ErrorCode::NoPeer, "{origin}");
        // Twice four; the manifest, which it was asked for or the publisher, makes less than one.
        assert_eq!(answered, 8, "{origin}");
        assert_eq!(asked(&mut page, &site), answered, "{origin}");

        let mut program = hosts(&cluster, &site, None).await;
        for _ in 0..2 {
            for at in 0..40 {
                reader.by_hash(site.project(), site.hash("a.bin", at)).await.unwrap();
            }
        }
        assert_eq!((asked(&mut page, &site), asked(&mut program, &site)), (0, 80), "{origin}");
        // It is still a peer in all else.
        assert_eq!(page.resolve(site.project()).await.unwrap().0, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_limit_of_nothing_pages_are_never_asked() {
    let cluster = Cluster::with(1, |config| {
        config.relay.cache_bytes = 0;
        config.upload_bytes_per_day = 0;
    })
    .await;
    let site = TestSite::small("silent", 1);
    let mut publisher = cluster.peer(0, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    let mut page = hosts(&cluster, &site, Some("http://silent.localhost:7000")).await;
    for _ in 0..20 {
        publisher.by_path(site.project(), "style.css", 0).await.unwrap();
    }
    assert_eq!(asked(&mut page, &site), 0);
}
