//! The app's own files: their policies, who may run them as a worker, how they are packed.

use crate::support::{NAVIGATION, World, hash};

#[tokio::test]
async fn the_nodes_own_pages_are_guarded() {
    let world = World::start().await;
    let own = ("Host", "site.localhost");
    for (path, host, media_type) in [
        ("/", None, "text/html; charset=utf-8"),
        ("/.crowd/manage", Some(own), "text/html; charset=utf-8"),
        ("/.crowd/app.css", None, "text/css; charset=utf-8"),
        ("/.crowd/mark.svg", Some(own), "image/svg+xml"),
    ] {
        let headers: Vec<_> = NAVIGATION.into_iter().chain(host).collect();
        let reply = world.get(path, &headers).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(media_type)), "{path}");
        let policy = reply.header("content-security-policy").unwrap();
        for part in [
            "default-src 'self';",
            "connect-src 'self' http: https: ws: wss:;",
            "img-src 'self' data: blob:;",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-cache"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{path} {name}");
        }
        let own_window = (media_type.starts_with("text/html")).then_some("same-origin");
        assert_eq!(reply.header("cross-origin-opener-policy"), own_window, "{path}");
        let etag = ("If-None-Match", reply.header("etag").unwrap());
        let headers: Vec<_> = host.into_iter().chain([etag]).collect();
        assert_eq!(world.get(path, &headers).await.status, 304, "{path}");
        let head = world.head(path, &headers[..headers.len() - 1]).await;
        assert_eq!(head.header("content-length"), Some(reply.body.len().to_string().as_str()), "{path}");
    }
    for path in
        ["/.crowd/landing.html", "/.crowd/manage.html", "/.crowd/%2e%2e/Cargo.toml", "/.crowd/none.js"]
    {
        assert_eq!(world.get(path, &[]).await.status, 404, "{path}");
    }
    assert!(world.get("/", &[]).await.text().contains("crowd.test"), "the domain is filled in");
}

#[tokio::test]
async fn only_the_app_has_a_service_worker() {
    let world = World::start().await;
    world
        .publish("site", &[("sw.js", "text/javascript", b"//"), ("worker.js", "text/javascript", b"")])
        .await;
    let chunk = format!("/.crowd/v1/site/chunk/{}", hash(b"//"));
    let says = [("Service-Worker", "script"), ("Sec-Fetch-Dest", "serviceworker")];
    for (host, path) in [("127.0.0.1", "/site/sw.js"), ("site.localhost", "/sw.js")] {
        let host = ("Host", host);
        assert_eq!(world.get(path, &[host]).await.status, 200);
        for says in says {
            for path in [
                path,
                &chunk,
                "/worker.js",
                "/.crowd/worker.js?v=1",
                "/%2ecrowd/worker.js",
                "/.crowd/%77orker.js",
                "/.crowd/v1/site/release",
                "/.crowd/boot.js",
                "/.crowd/host.js",
                "/.crowd/sample/site.js",
                "/.crowd/x/site/sw.js",
                "/.crowd/config.json",
                "/.crowd/ws",
                "/",
            ] {
                let reply = world.get(path, &[host, says]).await;
                assert_eq!(reply.status, 403, "{path} at {host:?} with {says:?}");
            }
        }
    }
    // The node's own origin, whatever its name, has the keys of publishers and no worker.
    for (host, status, allowed) in [
        ("site.localhost", 200, Some("/")),
        ("127.0.0.1", 403, None),
        ("localhost", 403, None),
        ("crowd.test", 403, None),
    ] {
        for says in [says[0], says[1], ("Accept", "*/*")] {
            let reply = world.get("/.crowd/worker.js", &[("Host", host), says]).await;
            assert_eq!((reply.status, reply.header("service-worker-allowed")), (status, allowed), "{host}");
        }
    }
    assert!(world.sockets.origins.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_worker_may_fetch_from_any_node_and_run_nothing_else() {
    let world = World::start().await;
    let policy = "default-src 'none'; script-src 'self'; connect-src 'self' http: https: ws: wss:";
    for name in ["worker.js", "host.js", "hasher.js"] {
        let reply = world.get(&format!("/.crowd/{name}"), &[("Host", "site.localhost")]).await;
        assert_eq!(reply.header("content-type"), Some("text/javascript; charset=utf-8"), "{name}");
        assert_eq!(reply.header("content-security-policy"), Some(policy), "{name}");
        let allowed = (name == "worker.js").then_some("/");
        assert_eq!(reply.header("service-worker-allowed"), allowed, "{name}");
    }
}

#[tokio::test]
async fn a_sandboxed_page_can_load_the_app() {
    let world = World::start().await;
    world.publish("site", &[("index.html", "text/html", b"<p>")]).await;
    let page = world.get("/site/", &NAVIGATION).await;
    assert_eq!(page.header("content-security-policy"), Some("sandbox allow-scripts allow-forms"));
    // Browsers refuse a sandboxed page that wants a window of its own.
    assert_eq!(page.header("cross-origin-opener-policy"), None);
    assert!(page.text().contains("src=\"/.crowd/boot.js\""));
    // Its origin is opaque, and modules are fetched by the rules of CORS.
    let module = [("Origin", "null"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "script")];
    for path in ["/.crowd/boot.js", "/.crowd/badge.js"] {
        let reply = world.get(path, &module).await;
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, Some("*")), "{path}");
        assert_eq!(reply.header("cross-origin-resource-policy"), None, "{path}");
    }
}

#[tokio::test]
async fn a_file_is_packed_for_who_can_unpack_it() {
    let world = World::start().await;
    let plain = world.get("/.crowd/app.css", &[]).await;
    let packed = world.get("/.crowd/app.css", &[("Accept-Encoding", "gzip, deflate, br")]).await;
    assert_eq!((plain.header("content-encoding"), packed.header("content-encoding")), (None, Some("gzip")));
    assert!(packed.body.starts_with(&[0x1f, 0x8b]) && packed.body.len() < plain.body.len());
    assert_ne!(plain.header("etag"), packed.header("etag"));
    for reply in [&plain, &packed] {
        assert_eq!(reply.header("vary"), Some("Accept-Encoding"));
        assert_eq!(reply.header("content-type"), Some("text/css; charset=utf-8"));
    }
    let (tag, gzip) = (packed.header("etag").unwrap(), ("Accept-Encoding", "gzip"));
    let known = world.get("/.crowd/app.css", &[gzip, ("If-None-Match", tag)]).await;
    assert_eq!(
        (known.status, known.header("etag"), known.header("vary")),
        (304, Some(tag), Some("Accept-Encoding"))
    );
    assert_eq!(known.header("content-encoding"), None);
    // The tag of one form is not that of the other.
    assert_eq!(world.get("/.crowd/app.css", &[("If-None-Match", tag)]).await.status, 200);
    let refused = ("Accept-Encoding", "gzip;q=0, *");
    assert_eq!(world.get("/.crowd/app.css", &[refused]).await.header("content-encoding"), None);
    let head = world.head("/.crowd/app.css", &[gzip]).await;
    assert_eq!(head.header("content-length"), Some(packed.body.len().to_string().as_str()));
    assert_eq!(head.header("content-encoding"), Some("gzip"));
}
