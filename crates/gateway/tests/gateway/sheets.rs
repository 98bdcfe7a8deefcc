//! Stylesheets for pages without the worker: their crowd links become ordinary ones.

use crate::support::{CHUNK, Manners, World, bytes, hash};

const LINKED: &[u8] =
    b"@import 'crowd://other/a.css'; a{background:url(crowd://site/b.png)} b::after{content:'crowd://x'}";
const STYLE: [(&str, &str); 2] = [("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "style")];

#[tokio::test]
async fn a_stylesheet_gets_ordinary_links() {
    let world = World::start().await;
    // The link lies across two chunks.
    let sheet = [vec![b' '; CHUNK as usize - 20], LINKED.to_vec()].concat();
    world.publish("site", &[("s.css", "text/css; charset=utf-8", &sheet)]).await;
    let file = world.get("/site/s.css", &[]).await;
    assert!(file.body == sheet && file.header("etag").is_some());
    assert_eq!(file.header("vary"), Some("Sec-Fetch-Dest, Accept"));

    let own = ("Host", "site.localhost:7000");
    let etag = ("If-None-Match", file.header("etag").unwrap());
    let by_accept = ("Accept", "text/css,*/*;q=0.1");
    for headers in [&[STYLE[0], STYLE[1], own][..], &[STYLE[0], STYLE[1], own, etag], &[own, by_accept]] {
        let reply = world.get("/s.css", headers).await;
        let expected = "@import \"http://other.localhost:7000/a.css\"; \
            a{background:url(\"/b.png\")} b::after{content:'crowd://x'}";
        assert_eq!((reply.status, reply.text().trim_start()), (200, expected), "{headers:?}");
        assert_eq!((reply.header("etag"), reply.header("accept-ranges")), (None, None));
        assert_eq!(reply.header("vary"), Some("Sec-Fetch-Dest, Accept"));
        assert_eq!(reply.header("content-type"), Some("text/css; charset=utf-8"));
        assert_eq!(reply.header("x-crowd-version"), Some("1"));
    }
    let reply = world.get("/site/s.css", &STYLE).await;
    assert!(reply.text().contains("url(\"/site/b.png\")") && reply.text().contains("\"/other/a.css\""));
    assert_eq!(reply.header("content-security-policy"), Some("sandbox allow-scripts allow-forms"));
}

#[tokio::test]
async fn what_has_no_links_or_is_no_such_sheet_stays_the_file() {
    let world = World::start().await;
    let plain = bytes(3 * CHUNK as usize + 5);
    let large = [vec![b' '; 1 << 20], LINKED.to_vec()].concat();
    let files: [(&str, &str, &[u8]); 6] = [
        ("plain.css", "text/css", b"a{b:url(x.png)} /* crowd:// */"),
        ("binary.css", "text/css", &plain),
        ("latin.css", "text/css; charset=latin1", LINKED),
        ("large.css", "text/css", &large),
        ("script.js", "text/javascript", LINKED),
        ("empty.css", "text/css", b""),
    ];
    world.publish("site", &files).await;
    for (path, _, bytes) in files {
        let path = format!("/site/{path}");
        let reply = world.get(&path, &STYLE).await;
        assert!(reply.status == 200 && reply.complete && reply.body == bytes, "{path}");
        if path == "/site/plain.css" {
            assert_eq!(reply.header("vary"), None, "whoever asks gets the same");
        }
        let tag = reply.header("etag").unwrap().to_owned();
        let known = [STYLE[0], STYLE[1], ("If-None-Match", tag.as_str())];
        assert_eq!(world.get(&path, &known).await.status, 304, "{path}");
        assert_eq!(world.head(&path, &STYLE).await.header("etag"), Some(tag.as_str()), "{path}");
    }
    let part = world.get("/site/plain.css", &[STYLE[0], STYLE[1], ("Range", "bytes=2-5")]).await;
    assert_eq!((part.status, part.text()), (206, "b:ur"));
}

#[tokio::test]
async fn a_sheet_that_cannot_be_had_whole_is_refused() {
    let world = World::start().await;
    let sheet = [vec![b' '; CHUNK as usize], LINKED.to_vec()].concat();
    world.publish("site", &[("s.css", "text/css", &sheet)]).await;
    world.peer.treats(hash(LINKED), Manners::Refuses);
    let reply = world.get("/site/s.css", &STYLE).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("5")));
}
