//! `/.crowd/x/`: what pages load of other projects and servers, where no worker answers it.

use crate::support::{World, navigation};

#[tokio::test]
async fn the_way_leads_to_the_ordinary_address() {
    let world = World::start().await;
    let own = "site.localhost:7000";
    let cases = [
        (own, "other/a%20b.png?q=%20", "http://other.localhost:7000/a%20b.png?q=%20"),
        (own, "other", "http://other.localhost:7000/"),
        (own, "site/x", "/x"),
        (own, "localhost:7000/other/x", "http://other.localhost:7000/x"),
        (own, "e.org/p/x%2By+z", "https://e.org/p/x+y+z"),
        (own, "e.org:7000/p/", "http://e.org:7000/p/"),
        ("127.0.0.1", "other/x", "/other/x"),
        ("127.0.0.1", "e.org/p/x", "https://e.org/p/x"),
    ];
    for (host, rest, to) in cases {
        let image = [("Host", host), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image")];
        for headers in [&image[..1], &image] {
            let reply = world.get(&format!("/.crowd/x/{rest}"), headers).await;
            assert_eq!((reply.status, reply.header("location")), (307, Some(to)), "{rest} at {host}");
            assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
            assert_eq!(reply.header("cache-control"), Some("no-store"));
        }
    }
}

#[tokio::test]
async fn it_sends_nobody_anywhere_else() {
    let world = World::start().await;
    let own = ("Host", "site.localhost:7000");
    for rest in [
        "",
        "Bad/x",
        "-/x",
        "e.org",
        "e.org/",
        "e.org/Bad/",
        "u@e.org/p/x",
        "other/../x",
        "other//x",
        "other/%zz",
        "/e.org/p/",
    ] {
        let reply = world.get(&format!("/.crowd/x/{rest}"), &[own]).await;
        assert!(matches!(reply.status, 400 | 404), "{rest}: {}", reply.status);
        assert_eq!(reply.header("location"), None, "{rest}");
    }
    // Opened as a page, framed or not.
    let frame = [own, ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")];
    for headers in [&navigation(&[own])[..], &frame] {
        let reply = world.get("/.crowd/x/e.org/p/x", headers).await;
        assert_eq!((reply.status, reply.header("location")), (404, None));
    }
}
