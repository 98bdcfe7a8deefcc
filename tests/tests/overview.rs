//! Any node shows the whole cluster to its operator: every node's health and load, what goes on, and what is about to go
//! dark; and who is gone.

use crowd_protocol::Have;
use crowd_tests::{Cluster, TestSite, eventually, get};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn every_node_shows_the_same_cluster_and_what_goes_on_in_it() {
    let cluster = Cluster::with(3, |config| config.relay.cache_bytes = 0).await;
    let (busy, lonely) = (TestSite::small("busy", 1), TestSite::small("lonely", 2));
    let mut publisher = cluster.peer(0, busy.clone()).await;
    publisher.publish(&busy).await.unwrap();
    let mut second = cluster.peer(1, busy.clone()).await;
    second.host(&busy, Have::All).await.unwrap();
    let mut other = cluster.peer(2, lonely.clone()).await;
    other.publish(&lonely).await.unwrap();
    let mut reader = cluster.peer(2, ()).await;
    for _ in 0..20 {
        reader.by_path(busy.project(), "style.css", 0).await.unwrap();
    }
    reader.by_path(lonely.project(), "style.css", 0).await.unwrap();
    for at in 0..3 {
        let seen = eventually("a node sees it all", async || {
            let seen = overview(&cluster, at).await?;
            let rows = seen["nodes"].as_array()?;
            let answered: f64 = rows.iter().filter_map(|node| node["answers_per_s"].as_f64()).sum();
            // Hosts are told to their owners with the next tick.
            (seen["peers"] == 4 && answered > 2.0 && seen["single_hosted"]["total"] == 1).then_some(seen)
        })
        .await;
        let rows = seen["nodes"].as_array().unwrap();
        assert_eq!(rows.len(), 3, "{seen:#}");
        assert!(rows.iter().all(|node| node["state"] == "ready"), "{seen:#}");
        let shares: f64 = rows.iter().map(|node| node["share"].as_f64().unwrap()).sum();
        assert!((shares - 1.0).abs() < 1e-9, "{shares}");
        let memory = |node: &Value| node["memory"].as_u64().unwrap() > 1 << 20;
        assert!(rows.iter().all(memory), "{seen:#}");
        // Only the reader's node answered, and it alone did so for a visitor.
        let here = |name: &Value| rows.iter().find(|node| node["name"] == *name).unwrap();
        let at_reader = &overview(&cluster, 2).await.unwrap()["node"];
        assert!(here(at_reader)["answers_per_s"].as_f64().unwrap() > 2.0, "{seen:#}");
        assert!(here(at_reader)["p50_ms"].as_f64().unwrap() > 0.0, "{seen:#}");
        let lent: f64 = rows.iter().map(|node| node["lent_per_s"].as_f64().unwrap()).sum();
        assert!(lent > 0.0, "the others answered it: {seen:#}");
        assert_eq!(seen["busiest"][0]["project"], "busy", "{seen:#}");
        assert_eq!(seen["busiest"][0]["answers"], 20, "{seen:#}");
        assert_eq!(seen["single_hosted"]["projects"][0]["project"], "lonely", "{seen:#}");
        assert_eq!(seen["single_hosted"]["projects"][0]["node"], *at_reader, "where its peer is: {seen:#}");
        assert_eq!(seen["minute"]["answers"].as_array().unwrap().len(), 60);
        let summed: u64 =
            seen["minute"]["answers"].as_array().unwrap().iter().filter_map(Value::as_u64).sum();
        assert_eq!(summed, 21, "{seen:#}");
        assert_eq!(seen["names"], 2, "{seen:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_killed_is_shown_with_what_it_said_last() {
    let mut cluster = Cluster::start(3).await;
    let peer = cluster.peer(2, ()).await;
    let victim = overview(&cluster, 2).await.unwrap()["node"].clone();
    let line = async |cluster: &Cluster| {
        let seen = overview(cluster, 0).await?;
        seen["nodes"].as_array()?.iter().find(|node| node["name"] == victim).cloned()
    };
    let before = eventually("it is seen with its peer", async || {
        line(&cluster).await.filter(|node| node["peers"] == 1)
    })
    .await;
    assert_eq!(before["state"], "ready");
    cluster.kill(2);
    let gone =
        eventually("it is gone", async || line(&cluster).await.filter(|node| node["state"] == "gone")).await;
    assert_eq!((&gone["peers"], &gone["share"]), (&before["peers"], &Value::Null), "{gone:#}");
    assert!(gone["gone_s"].as_u64().is_some_and(|since| since < 60), "{gone:#}");
    let seen = overview(&cluster, 0).await.unwrap();
    let shares: f64 =
        seen["nodes"].as_array().unwrap().iter().filter_map(|node| node["share"].as_f64()).sum();
    assert!((shares - 1.0).abs() < 1e-9, "the others have all of the ring: {seen:#}");
    assert_eq!(seen["peers"], 0, "what it said last is not counted: {seen:#}");
    drop(peer);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ring_is_told_part_by_part() {
    let cluster = Cluster::start(3).await;
    let seen = overview(&cluster, 1).await.unwrap();
    let ring: Value = json(&cluster, 1, "/api/ring").await.unwrap();
    assert_eq!(ring["id"], seen["ring"]);
    assert_eq!(ring["id"], json(&cluster, 0, "/api/ring").await.unwrap()["id"], "all see the same");
    let nodes = ring["nodes"].as_array().unwrap();
    let mut sums = vec![0.0; nodes.len()];
    let mut from = 0.0;
    for arc in ring["arcs"].as_array().unwrap() {
        let (end, owner) = (arc[0].as_f64().unwrap(), arc[1].as_u64().unwrap() as usize);
        sums[owner] += end - from;
        from = end;
    }
    for (name, sum) in nodes.iter().zip(sums) {
        let told = seen["nodes"].as_array().unwrap().iter().find(|node| node["name"] == *name).unwrap();
        assert!((told["share"].as_f64().unwrap() - sum).abs() < 1e-3, "{told:#} has {sum}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_lets_nothing_in_from_elsewhere() {
    let cluster = Cluster::start(1).await;
    let admin = cluster.node(0).addresses.admin;
    let page = get(admin, "/").await.unwrap();
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(!html.contains("http") && !html.contains("style="), "nothing from elsewhere, nothing inline");
    for (file, of) in [("/node/web/admin.js", "text/javascript"), ("/app/assets/app.css", "text/css")] {
        let reply = get(admin, file).await.unwrap();
        assert!(reply.status == 200 && reply.header("content-type").starts_with(of), "{file}: {reply:?}");
    }
    assert_eq!(get(admin, "/node/web/../Cargo.toml").await.unwrap().status, 404);
    // Nothing of it on the public port.
    let public = cluster.node(0).addresses.public;
    assert_eq!(get(public, "/.crowd/admin.js").await.unwrap().status, 404);
}

async fn overview(cluster: &Cluster, at: usize) -> Option<Value> {
    json(cluster, at, "/api/overview").await
}

async fn json(cluster: &Cluster, at: usize, path: &str) -> Option<Value> {
    let reply = get(cluster.node(at).addresses.admin, path).await.ok()?;
    serde_json::from_slice(&reply.body).ok()
}
