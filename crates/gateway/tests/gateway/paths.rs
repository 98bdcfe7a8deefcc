//! Addresses: what is decoded, refused, redirected, and what stands in for what is missing.

use crate::support::{NAVIGATION, World, boot, navigation};

#[tokio::test]
async fn a_path_is_decoded_once_and_never_leaves_its_project() {
    let world = World::start().await;
    let files: [(&str, &str, &[u8]); 6] = [
        ("a b.txt", "text/plain", b"space"),
        ("a+b.txt", "text/plain", b"plus"),
        ("a%41.txt", "text/plain", b"percent"),
        ("d/e.txt", "text/plain", b"folder"),
        ("ü.txt", "text/plain", b"umlaut"),
        ("q?#.txt", "text/plain", b"query"),
    ];
    world.publish("site", &files).await;
    let cases = [
        ("a%20b.txt", 200, "space"),
        ("a+b.txt", 200, "plus"),
        ("a%2Bb.txt", 200, "plus"),
        ("a%2541.txt", 200, "percent"),
        ("d/e.txt", 200, "folder"),
        ("d%2Fe.txt", 200, "folder"),
        ("%C3%BC.txt", 200, "umlaut"),
        ("q%3f%23.txt?a=b", 200, "query"),
        ("d/e.txt?x=/../y", 200, "folder"),
        ("a%41.txt", 404, ""),
        ("a%20b.txt%20", 404, ""),
        ("u%CC%88.txt", 404, ""),
        ("../site/d/e.txt", 400, ""),
        ("d/../d/e.txt", 400, ""),
        ("d/./e.txt", 400, ""),
        ("%2e%2e/site/d/e.txt", 400, ""),
        ("%2E./x", 400, ""),
        ("d%2f..%2fe.txt", 400, ""),
        ("d//e.txt", 400, ""),
        ("/d/e.txt", 400, ""),
        ("d%5Ce.txt", 400, ""),
        ("d\\e.txt", 400, ""),
        ("%00", 400, ""),
        ("a%0Ab", 400, ""),
        ("a%7F", 400, ""),
        ("%C2%80", 400, ""),
        ("%FF", 400, ""),
        ("%4", 400, ""),
        ("%", 400, ""),
        ("%zz", 400, ""),
    ];
    for (path, status, body) in cases {
        let here = world.get(&format!("/site/{path}"), &[]).await;
        let own = world.get(&format!("/{path}"), &[("Host", "site.localhost")]).await;
        assert_eq!((here.status, own.status), (status, status), "{path}: {} {}", here.text(), own.text());
        if status == 200 {
            assert_eq!((here.text(), own.text()), (body, body), "{path}");
        }
    }
    let long = format!("/site/{}", "a".repeat(1_025));
    assert_eq!(world.get(&long, &[]).await.status, 400);
}

#[tokio::test]
async fn a_name_that_is_none_is_a_bad_request() {
    let world = World::start().await;
    for path in ["/Site/", "/-a/", "/xn--a/", "/a.b", "/%2e%2e/x", "/..", "//site/x", "/\\"] {
        let reply = world.get(path, &[]).await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.text());
    }
    for host in ["a.b.localhost", "-.crowd.test", "a..localhost", "[::1", "a b"] {
        let reply = world.get("/", &[("Host", host)]).await;
        assert_eq!(reply.status, 400, "{host}: {}", reply.text());
    }
}

#[tokio::test]
async fn a_folder_is_its_index() {
    let world = World::start().await;
    world
        .publish("site", &[("index.html", "text/html", b"top"), ("a b/c/index.html", "text/html", b"deep")])
        .await;
    assert_eq!(world.get("/site/", &[]).await.text(), "top");
    assert_eq!(world.get("/site/a%20b/c/", &[]).await.text(), "deep");

    let own = [("Host", "site.localhost:7000")];
    let cases = [
        ("/site", &[][..], "/site/"),
        ("/site?a=%20b", &[], "/site/?a=%20b"),
        ("/site/a%20b/c", &[], "/site/a%20b/c/"),
        ("/site/a%20b/c?x=1&y", &[], "/site/a%20b/c/?x=1&y"),
        ("/a%20b/c?x=1", &own[..], "/a%20b/c/?x=1"),
    ];
    for (path, headers, to) in cases {
        let reply = world.get(path, headers).await;
        assert_eq!((reply.status, reply.header("location")), (308, Some(to)), "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    }
    // A folder without an index is none.
    assert_eq!(world.get("/site/a%20b/", &[]).await.status, 404);
}

#[tokio::test]
async fn what_is_missing_may_have_a_stand_in() {
    let world = World::start().await;
    let files: [(&str, &str, &[u8]); 2] =
        [("index.html", "text/html", b"index"), ("lost.txt", "text/plain", b"lost")];
    world.publish_as("lost", 1, &files, |b| b.not_found(Some("lost.txt".to_owned()))).await;
    world.publish_as("spa", 1, &files, |b| b.spa(true)).await;
    world.publish("plain", &files).await;

    let reply = world.get("/lost/nothing", &[("Range", "bytes=0-1"), ("If-None-Match", "*")]).await;
    assert_eq!((reply.status, reply.text()), (404, "lost"));
    assert_eq!((reply.header("content-type"), reply.header("etag")), (Some("text/plain"), None));
    assert_eq!(reply.header("x-crowd-version"), Some("1"));
    assert_eq!(world.head("/lost/nothing", &[]).await.header("content-length"), Some("4"));

    let reply = world.get("/spa/any/where", &[]).await;
    assert_eq!((reply.status, reply.text()), (200, "index"));

    let reply = world.get("/plain/nothing", &[]).await;
    assert_eq!(reply.status, 404);
    assert_eq!(reply.text(), "not_found: the project has no file at that path\n");
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_navigation_goes_to_the_projects_own_origin() {
    let world = World::start().await;
    world.publish("site", &[("a b/index.html", "text/html", b"page")]).await;
    let cases = [
        ("localhost:7000", "/site/a%20b/?q=1", "http://site.localhost:7000/a%20b/?q=1"),
        ("localhost", "/site", "http://site.localhost/"),
        ("crowd.test:7000", "/site/x", "http://site.crowd.test:7000/x"),
        ("www.crowd.test", "/site/x", "http://site.crowd.test/x"),
    ];
    for (host, path, to) in cases {
        let reply = world.get(path, &navigation(&[("Host", host)])).await;
        assert_eq!((reply.status, reply.header("location")), (307, Some(to)), "{host}");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    // The node's IP address has no origins for projects.
    assert_eq!(world.get("/site/a%20b/", &NAVIGATION).await.text(), format!("page{}", boot("site", 1)));
    // Without Sec-Fetch what is accepted tells; with it, an image is no navigation, and a frame is one.
    let local = ("Host", "localhost:7000");
    let page = "/site/a%20b/index.html";
    let browser = ("Accept", "application/xhtml+xml, Text/HTML;q=0.9");
    let (frame, image) = (("Sec-Fetch-Dest", "iframe"), ("Sec-Fetch-Dest", "image"));
    assert_eq!(world.get(page, &[local, browser]).await.status, 307);
    assert_eq!(world.get(page, &[local, browser, ("Sec-Fetch-Mode", "navigate"), frame]).await.status, 307);
    assert_eq!(world.get(page, &[local, browser, ("Sec-Fetch-Mode", "no-cors"), image]).await.status, 200);
    assert_eq!(world.get(page, &[local, ("Accept", "*/*")]).await.status, 200);
    assert_eq!(world.get("/site/../x", &navigation(&[local])).await.status, 400);
}

#[tokio::test]
async fn nothing_under_dot_crowd_is_a_projects() {
    let world = World::start().await;
    world.publish_as("site", 1, &[("index.html", "text/html", b"index")], |b| b.spa(true)).await;
    let own = ("Host", "site.localhost");
    assert_eq!(world.get("/.crowdy", &[own]).await.status, 200);
    for path in
        ["/.crowd/x", "/%2ecrowd/x", "/.crowd%2Fx", "/.crowd", "/.crowd/", "/.crowd/../x", "/.crowd/v1/x"]
    {
        assert_eq!(world.get(path, &[own]).await.status, 404, "{path}");
        assert_eq!(world.get(path, &[]).await.status, 404, "{path}");
    }
}
