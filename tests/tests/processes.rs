//! Real processes of the real binary: what a deployment does, with signals that no process can argue with.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crowd_protocol::Have;
use crowd_tests::{ScriptedPeer, ServeProcess, TestCa, TestSite, crowd, eventually, noise, within};
use tokio::io::{AsyncBufReadExt, BufReader};

async fn three(data: &Path) -> Vec<ServeProcess> {
    let mut nodes = vec![ServeProcess::start(&data.join("0"), &[]).await];
    let join = nodes[0].cluster.to_string();
    for at in 1..3 {
        let flags = ["--join", &join, "--cache-bytes", "0"];
        nodes.push(ServeProcess::start(&data.join(at.to_string()), &flags).await);
    }
    for node in &nodes {
        node.sees(3).await;
    }
    nodes
}

#[tokio::test(flavor = "multi_thread")]
async fn process_killed_while_50_clients_read_through_the_others_fails_no_read() {
    for victim in 0..3 {
        let data = tempfile::tempdir().unwrap();
        let mut nodes = three(data.path()).await;
        let files = [("a.bin", noise(5, 40 * 8_192))];
        let site = TestSite::chunked("busy", 1, 1, 8_192, &files);
        // Hosted on two nodes, and read through two: one host survives whoever is killed.
        let mut hosts = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            if at == (victim + 1) % 3 {
                continue;
            }
            let mut host = ScriptedPeer::connect(node.public, site.clone()).await;
            match hosts.is_empty() {
                true => host.publish(&site).await.unwrap(),
                false => host.host(&site, Have::All).await.unwrap(),
            }
            hosts.push(host);
        }
        let (reads, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let mut readers = Vec::new();
        for at in 0..50 {
            let node = &nodes[(victim + 1 + at % 2) % 3];
            let mut reader = ScriptedPeer::connect(node.public, ()).await;
            let (site, reads, stop) = (site.clone(), reads.clone(), stop.clone());
            readers.push(tokio::spawn(async move {
                let mut next = at;
                while !stop.load(Ordering::Relaxed) {
                    let hash = site.hash("a.bin", next % 40);
                    next += 1;
                    reader.by_hash(site.project(), hash).await.expect("no read fails");
                    reads.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }));
        }
        let reach = async |count: u64| {
            let target = reads.load(Ordering::Relaxed) + count;
            let what = format!("{count} more reads");
            eventually(&what, async || (reads.load(Ordering::Relaxed) >= target).then_some(())).await;
        };
        reach(500).await;
        nodes[victim].child.kill().await.unwrap();
        reach(2_000).await;
        stop.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.await.unwrap_or_else(|error| panic!("with node {victim} killed: {error}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn process_that_is_told_to_stop_says_goodbye_and_exits_0() {
    let data = tempfile::tempdir().unwrap();
    let mut node = ServeProcess::start(data.path(), &[]).await;
    node.signal("TERM");
    let status = tokio::time::timeout(Duration::from_secs(10), node.child.wait()).await.unwrap().unwrap();
    assert_eq!(status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn process_that_keeps_the_names_has_them_again_after_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let mut node = ServeProcess::start(data.path(), &[]).await;
    let site = TestSite::small("durable", 1);
    let mut publisher = ScriptedPeer::connect(node.public, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    node.child.kill().await.unwrap();
    let node = ServeProcess::start(data.path(), &[]).await;
    let mut publisher = ScriptedPeer::connect(node.public, site.clone()).await;
    assert_eq!(publisher.resolve(site.project()).await.unwrap(), (1, 0));
    publisher.host(&site, Have::All).await.unwrap();
    let mut reader = ScriptedPeer::connect(node.public, ()).await;
    let (_, body) = reader.by_path(site.project(), "index.html", 0).await.unwrap();
    assert_eq!(body, site.file("index.html"));
}

#[tokio::test(flavor = "multi_thread")]
async fn process_publish_get_and_host_carry_a_folder_across_three_nodes() {
    let data = tempfile::tempdir().unwrap();
    let nodes = three(&data.path().join("nodes")).await;
    let folder = data.path().join("docs");
    for n in 0..120 {
        let path = folder.join(format!("part-{}/page {n} ü.html", n % 7));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, noise(n, 500 + 3_000 * n as usize % 150_000)).unwrap();
    }
    std::fs::write(folder.join("index.html"), "<!doctype html><title>Docs</title>").unwrap();
    std::fs::write(folder.join("empty.txt"), "").unwrap();
    let config = |who: &str| data.path().join("config").join(who);
    let url = |at: usize| format!("http://{}", nodes[at].public);

    let mut publisher = crowd();
    publisher.env("CROWD_CONFIG_DIR", config("publisher"));
    publisher.args(["publish", "--name", "docs", "--node", &url(0)]).arg(&folder);
    let mut publisher = publisher.spawn().unwrap();
    let mut reader = ScriptedPeer::connect(nodes[2].public, ()).await;
    let project = crowd_protocol::ProjectName::parse("docs").unwrap();
    eventually("it is published", async || reader.resolve(&project).await.ok()).await;

    let fetch = async |to: &str, via: usize| {
        let out = data.path().join(to);
        let mut get = crowd();
        get.env("CROWD_CONFIG_DIR", config(to)).args(["get", "crowd://docs/", "--node", &url(via)]);
        let status = get.arg("-o").arg(&out).status().await.unwrap();
        assert!(status.success(), "get through node {via}: {status}");
        let diff = std::process::Command::new("diff").arg("-r").args([&folder, &out]).status();
        assert!(diff.unwrap().success(), "what came through node {via} differs");
    };
    fetch("first", 2).await;

    let mut host = crowd();
    host.env("CROWD_CONFIG_DIR", config("host"))
        .args(["host", "--json"])
        .arg("--data")
        .arg(data.path().join("held"));
    host.arg(format!("crowd://{}/docs", nodes[1].public));
    let mut host = host.spawn().unwrap();
    let mut said = BufReader::new(host.stdout.take().unwrap()).lines();
    within(Duration::from_secs(60), "the host has all of it", async {
        while let Some(line) = said.next_line().await.unwrap() {
            if line.contains("complete") {
                return;
            }
        }
        panic!("the host ended before it had all of it");
    })
    .await;
    publisher.kill().await.unwrap();
    eventually("the publisher is gone", async || (reader.resolve(&project).await.ok()?.1 == 1).then_some(()))
        .await;
    fetch("second", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn process_publish_and_get_go_over_tls_with_an_authority_of_ones_own() {
    let (ca, data) = (TestCa::new(), tempfile::tempdir().unwrap());
    let files = ca.node();
    let (cert, key) = (files.cert.to_str().unwrap(), files.key.to_str().unwrap());
    let tls = ["--tls-cert", cert, "--tls-key", key];
    let first = ServeProcess::start(&data.path().join("0"), &tls).await;
    let join = first.cluster.to_string();
    let second = ServeProcess::start(&data.path().join("1"), &[&tls[..], &["--join", &join]].concat()).await;
    second.sees(2).await;

    let folder = data.path().join("docs");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("index.html"), "<!doctype html><title>Docs</title>").unwrap();
    std::fs::write(folder.join("sea.bin"), noise(1, 300_000)).unwrap();
    let mut publisher = crowd();
    publisher.env("CROWD_CONFIG_DIR", data.path().join("publisher"));
    publisher.args([
        "publish",
        "--name",
        "docs",
        "--node",
        &format!("https://localhost:{}", first.public.port()),
    ]);
    let mut publisher = publisher.arg("--ca").arg(ca.file()).arg(&folder).spawn().unwrap();
    let mut said = BufReader::new(publisher.stdout.take().unwrap()).lines();
    let link = said.next_line().await.unwrap().unwrap();
    assert_eq!(link, format!("https://localhost:{}/docs/", first.public.port()));

    let get = |to: &str, link: &str, node: &str| {
        let mut get = crowd();
        get.env("CROWD_CONFIG_DIR", data.path().join(to).with_extension("config"));
        get.args(["get", link, "--node", node]).arg("-o").arg(data.path().join(to)).stderr(Stdio::piped());
        get
    };
    // By a URL that says so, and by an address that can't: the node says it then.
    let (url, crowd) = (format!("https://{}", second.public), format!("crowd://{}/docs/", second.public));
    for (to, link, node) in
        [("url", "crowd://docs/", url.as_str()), ("address", &crowd, "http://unused.test")]
    {
        let status = get(to, link, node).env("CROWD_CA", ca.file()).status().await.unwrap();
        assert!(status.success(), "{to}: {status}");
        let diff =
            std::process::Command::new("diff").arg("-r").arg(&folder).arg(data.path().join(to)).status();
        assert!(diff.unwrap().success(), "what came by {to} differs");
    }
    let refused =
        get("refused", "crowd://docs/", &url).env("CROWD_CA", TestCa::new().file()).output().await.unwrap();
    let why = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(1) && why.contains("invalid peer certificate"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn process_with_half_a_pair_of_tls_flags_says_what_is_missing() {
    for (given, missing) in [("--tls-cert", "--tls-key"), ("--tls-key", "--tls-cert")] {
        let ended = crowd().args(["serve", given, "file.pem"]).stderr(Stdio::piped()).output().await.unwrap();
        let why = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{why}");
        assert!(why.contains(&format!("{given} needs {missing}")), "{why}");
    }
}
