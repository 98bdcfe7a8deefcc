//! What the browser app asks its node for: settings, the sample site, the page to manage a project.

use crate::support::{NAVIGATION, World, navigation};

#[tokio::test]
async fn the_app_learns_of_its_node() {
    let world = World::start().await;
    let port = world.address.port();
    let host = format!("site.localhost:{port}");
    let reply = world.get("/.crowd/config.json", &[("Host", &host)]).await;
    let expected = format!(
        r#"{{"hosting":"ask","domain":"crowd.test","node":"node-1","servers":["localhost:{port}","127.0.0.1:{port}","crowd.test:{port}"],"upload_bytes_per_day":1234}}"#
    );
    assert_eq!((reply.status, reply.text()), (200, expected.as_str()));
    for (name, value) in [
        ("content-type", "application/json"),
        ("cache-control", "no-cache"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    // Where a server may be named without its port, it is.
    let reply = world.get("/.crowd/config.json", &[("Host", "site.crowd.test:7000")]).await;
    let servers =
        format!(r#""servers":["crowd.test:7000","crowd.test:{port}","crowd.test","127.0.0.1:7000","#);
    assert!(reply.text().contains(&servers), "{}", reply.text());
}

#[tokio::test]
async fn the_sample_site_is_read_and_never_run() {
    let world = World::start().await;
    let reply = world.get("/.crowd/sample.json", &[]).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    let index = world.get("/.crowd/sample/index.html", &[]).await;
    let listed =
        format!(r#"{{"path":"index.html","type":"text/html; charset=utf-8","size":{}}}"#, index.body.len());
    assert!(
        reply.text().starts_with(r#"{"files":[{"path":""#) && reply.text().contains(&listed),
        "{}",
        reply.text()
    );

    for (path, media_type) in [
        ("index.html", "text/html; charset=utf-8"),
        ("site.js", "text/javascript; charset=utf-8"),
        ("images/sea.png", "image/png"),
    ] {
        let reply = world.get(&format!("/.crowd/sample/{path}"), &NAVIGATION).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(media_type)), "{path}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("sandbox") && !policy.contains("allow-"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        // With it browsers would refuse the sandboxed answer altogether.
        assert_eq!(reply.header("cross-origin-opener-policy"), None);
    }
    for path in ["sample/", "sample/none", "sample/../sample.json", "sample/%2e%2e/Cargo.toml", "sample"] {
        assert_eq!(world.get(&format!("/.crowd/{path}"), &[]).await.status, 404, "{path}");
    }
    // A project's origin has no use for it.
    for path in ["/.crowd/sample.json", "/.crowd/sample/index.html"] {
        assert_eq!(world.get(path, &[("Host", "site.localhost")]).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_project_is_managed_at_its_own_origin() {
    let world = World::start().await;
    let reply = world.get("/.crowd/manage", &navigation(&[("Host", "my-site.localhost:7000")])).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(reply.text().contains("my-site") && !reply.text().contains("{{"), "{}", reply.text());
    for host in ["localhost:7000", "127.0.0.1", "crowd.test"] {
        assert_eq!(world.get("/.crowd/manage", &navigation(&[("Host", host)])).await.status, 404, "{host}");
    }
}
