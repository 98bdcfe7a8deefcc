//! What somebody sees who opens a page that can't be had, or not yet.

use std::time::Duration;

use crate::support::{Manners, Reply, World, boot, eventually, hash, navigation};
use tokio::time::{Instant, timeout};

const OWN: (&str, &str) = ("Host", "site.localhost:7000");

#[tokio::test]
async fn a_page_that_fails_says_why_to_people_and_to_programs() {
    let world = World::start().await;
    world.publish("site", &[("index.html", "text/html", b"page")]).await;
    world.peer.treats(hash(b"page"), Manners::Refuses);
    let none = ("Host", "no-such.localhost");
    for (host, path, status, code) in [
        (OWN, "/", 503, "no_peer"),
        (OWN, "/nothing", 404, "not_found"),
        (none, "/", 404, "unknown_project"),
        (("Host", "127.0.0.1"), "/site/", 503, "no_peer"),
        (("Host", "127.0.0.1"), "/no-such/", 404, "unknown_project"),
    ] {
        let page = world.get(path, &navigation(&[host])).await;
        assert!(is_page(&page, status, code), "{host:?}{path}: {page:?}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        // It stands in for a project's page, whose window others may know.
        assert_eq!(page.header("cross-origin-opener-policy"), None);
    }
    world.peer.treats(hash(b"page"), Manners::Silent);
    assert!(is_page(&world.get("/", &navigation(&[OWN])).await, 504, "timeout"));

    // A frame and everybody else get a line, and a frame may show it.
    let frame = [OWN, ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")];
    for headers in [&frame[..], &[OWN]] {
        let line = world.get("/nothing", headers).await;
        assert_eq!((line.status, line.header("content-type")), (404, Some("text/plain; charset=utf-8")));
        assert_eq!(line.header("x-frame-options"), None);
        assert_eq!(line.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    }
}

#[tokio::test]
async fn a_page_that_takes_long_is_on_its_way() {
    let world = World::patient().await;
    world.publish("site", &[("index.html", "text/html", b"page")]).await;
    world.peer.treats(hash(b"page"), Manners::Silent);
    for (host, path) in [(OWN, "/"), (("Host", "127.0.0.1"), "/site/")] {
        let asked = Instant::now();
        let page = world.get(path, &navigation(&[host])).await;
        assert!(is_page(&page, 503, "waiting"), "{page:?}");
        assert_eq!(page.header("retry-after"), Some("1"));
        let took = asked.elapsed();
        assert!((Duration::from_millis(950)..Duration::from_secs(5)).contains(&took), "{took:?}");
    }
    assert_eq!(world.peer.open(), (1, 0), "one answer is waited for, and still is");

    world.peer.answers_at_last(b"page");
    world.peer.unhosts("site");
    let expected = format!("page{}", boot("site", 1));
    let here = async { while world.get("/", &navigation(&[OWN])).await.body != expected.as_bytes() {} };
    timeout(Duration::from_secs(5), here).await.expect("it is kept once it came");
}

#[tokio::test]
async fn a_manifest_may_take_long_too() {
    let world = World::patient().await;
    world.publish("site", &[("index.html", "text/html", b"page")]).await;
    let manifest = world.manifest("site").await;
    world.peer.treats(hash(&manifest), Manners::Silent);
    assert!(is_page(&world.get("/", &navigation(&[OWN])).await, 503, "waiting"));
    world.peer.answers_at_last(&manifest);
    let page = world.get("/", &navigation(&[OWN])).await;
    assert_eq!((page.status, page.text()), (200, format!("page{}", boot("site", 1)).as_str()));
}

#[tokio::test]
async fn whoever_is_no_reader_waits() {
    let world = World::patient().await;
    world.publish("site", &[("index.html", "text/html", b"page")]).await;
    world.peer.treats(hash(b"page"), Manners::Silent);
    let frame = [OWN, ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")];
    let (late, framed, fetched) = tokio::join!(
        async {
            eventually("it is asked for", || world.peer.open().0 > 0).await;
            tokio::time::sleep(Duration::from_millis(1_200)).await;
            world.peer.answers_at_last(b"page");
            Instant::now()
        },
        async { (world.get("/", &frame).await, Instant::now()) },
        async { (world.get("/", &[OWN]).await, Instant::now()) },
    );
    for (reply, came) in [framed, fetched] {
        assert!(reply.status == 200 && came >= late, "{reply:?}");
    }
}

#[tokio::test]
async fn where_nothing_is_kept_everybody_waits() {
    // What came late would be gone again, and the page never here in time.
    let world = World::keeping_nothing().await;
    world.publish("site", &[("index.html", "text/html", b"page")]).await;
    world.peer.treats(hash(b"page"), Manners::Silent);
    let headers = navigation(&[OWN]);
    let ((), reply) = tokio::join!(
        async {
            eventually("it is asked for", || world.peer.open().0 > 0).await;
            tokio::time::sleep(Duration::from_millis(1_200)).await;
            world.peer.answers_at_last(b"page");
        },
        world.get("/", &headers),
    );
    assert_eq!(reply.status, 200);
}

fn is_page(reply: &Reply, status: u16, code: &str) -> bool {
    reply.status == status
        && reply.header("content-type") == Some("text/html; charset=utf-8")
        && reply.text().contains(code)
        && !reply.text().contains("{{")
}
