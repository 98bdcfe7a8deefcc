//! `?crowd-reset`: the way out of a broken state.

use crate::support::{World, navigation};

#[tokio::test]
async fn an_origin_is_reset_by_opening_it() {
    let world = World::start().await;
    world.publish("site", &[("a b/index.html", "text/html", b"page")]).await;
    let own = ("Host", "site.localhost:7000");
    for (path, to) in [
        ("/a%20b/?crowd-reset", "/a%20b/"),
        ("/a%20b/?x=1&crowd-reset=1&y=%20&crowd-reset", "/a%20b/?x=1&y=%20"),
        ("/?crowd-reset", "/"),
        ("/nothing?crowd-reset", "/nothing"),
    ] {
        for site in ["none", "same-origin"] {
            let reply = world.get(path, &navigation(&[own, ("Sec-Fetch-Site", site)])).await;
            assert_eq!((reply.status, reply.header("location")), (303, Some(to)), "{path}");
            assert_eq!(reply.header("clear-site-data"), Some("\"cache\", \"storage\""));
            assert_eq!(reply.header("cache-control"), Some("no-store"));
        }
        // Whoever comes from elsewhere is asked first.
        for headers in [navigation(&[own]), navigation(&[own, ("Sec-Fetch-Site", "cross-site")])] {
            let reply = world.get(path, &headers).await;
            assert_eq!(
                (reply.status, reply.header("location")),
                (303, Some("/.crowd/manage#leave")),
                "{path}"
            );
            assert_eq!(reply.header("clear-site-data"), None);
        }
    }
}

#[tokio::test]
async fn nobody_else_resets_anything() {
    let world = World::start().await;
    world.publish("site", &[("index.html", "text/html", b"page")]).await;
    let own = ("Host", "site.localhost:7000");
    let frame = [own, ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")];
    let image = [own, ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image")];
    for headers in [&frame[..], &image, &[own]] {
        let reply = world.get("/?crowd-reset", headers).await;
        assert_eq!((reply.status, reply.header("clear-site-data")), (200, None), "{headers:?}");
    }
    let open = navigation(&[own, ("Sec-Fetch-Site", "none")]);
    for (path, headers, status) in [
        ("/?crowd-resets&x=crowd-reset", &open, 200),
        ("//e.org/?crowd-reset", &open, 400),
        ("/?crowd-reset", &navigation(&[("Host", "127.0.0.1")]), 200),
        ("/site/?crowd-reset", &navigation(&[("Host", "127.0.0.1")]), 200),
    ] {
        let reply = world.get(path, headers).await;
        assert_eq!((reply.status, reply.header("clear-site-data")), (status, None), "{path}");
    }
}
