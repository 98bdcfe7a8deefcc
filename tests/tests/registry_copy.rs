//! Names on their way from one registry to another, by the real command: from a folder to etcd, and back.
#![cfg(feature = "etcd")]

use std::path::Path;
use std::process::{Output, Stdio};

use crowd_protocol::Have;
use crowd_tests::{Etcd, ScriptedPeer, ServeProcess, TestSite, crowd, eventually, get};

#[tokio::test(flavor = "multi_thread")]
async fn process_registry_moves_to_etcd_and_back_with_every_name_and_its_id() {
    let (folder, etcd) = (tempfile::tempdir().unwrap(), Etcd::start(1).await);
    let local = |name: &str| folder.path().join(name);
    let (old, backup) = (format!("local:{}", local("old").display()), local("backup"));
    let address = etcd.address().to_string();

    let node = ServeProcess::start(&local("old"), &[]).await;
    for (name, version) in [("mine", 1), ("mine", 2), ("other", 1)] {
        publish(&node, &version_of(name, version)).await;
    }
    let cluster = cluster_id(&node).await;
    let busy = copy(&["--from", &old, "--to", &address]).await;
    assert_eq!((busy.code, busy.says("in use by another process")), (1, true), "{busy:?}");
    stop(node).await;

    let trial = copy(&["--from", &old, "--to", &address, "--dry-run"]).await;
    assert_eq!(
        trial.out,
        "2 names: 2 would be added, 0 would be updated, 0 the same already, 0 newer there\n"
    );
    let done = copy(&["--from", &old, "--to", &address]).await;
    assert_eq!(done.out, "2 names: 2 added, 0 updated, 0 the same already, 0 newer there\n", "{done:?}");
    let again = copy(&["--from", &old, "--to", &address]).await;
    assert_eq!(again.out, "2 names: 0 added, 0 updated, 2 the same already, 0 newer there\n");

    let node = ServeProcess::start(&local("unused"), &["--registry", &address]).await;
    assert_eq!(cluster_id(&node).await, cluster, "nodes take it for the same cluster");
    assert_eq!(version(&node, "mine").await, Some(2));
    publish(&node, &version_of("mine", 3)).await;
    // The old registry has the same id: in use beside the new one it would give names away twice.
    let join = node.cluster.to_string();
    let refused = serve_until_it_ends(&local("old"), &["--join", &join, "--registry", "local"]).await;
    assert!(refused.says("stop all nodes of the cluster"), "{refused:?}");
    // Whoever only joins is told where the names are.
    let second = ServeProcess::start(&local("second"), &["--join", &join]).await;
    assert_eq!(version(&second, "mine").await, Some(3));

    // A backup while everything runs, and what a restore of an old one does not undo.
    let there = format!("local:{}", backup.display());
    let backed_up = copy(&["--from", &address, "--to", &there, "--json"]).await;
    let sums: serde_json::Value = serde_json::from_str(backed_up.out.lines().last().unwrap()).unwrap();
    assert_eq!((&sums["added"], &sums["kept"]), (&2.into(), &0.into()), "{sums}");
    assert_eq!(copy(&["--from", &old, "--to", &there]).await.out.matches("1 newer there").count(), 1);
    stop(second).await;
    stop(node).await;
    let node = ServeProcess::start(&backup, &[]).await;
    assert_eq!((cluster_id(&node).await, version(&node, "mine").await), (cluster, Some(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn process_registry_copy_gives_nobodys_name_away() {
    let folder = tempfile::tempdir().unwrap();
    for (at, owner) in [("ours", 1), ("theirs", 2)] {
        let node = ServeProcess::start(&folder.path().join(at), &[]).await;
        publish(&node, &TestSite::small("name", owner)).await;
        stop(node).await;
    }
    let [ours, theirs] = ["ours", "theirs"].map(|at| format!("local:{}", folder.path().join(at).display()));
    for flags in [&["--dry-run"][..], &[]] {
        let refused = copy(&[&["--from", &ours, "--to", &theirs], flags].concat()).await;
        assert_eq!(refused.code, 6, "{refused:?}");
        assert!(refused.says("name: belongs to another owner there"), "{refused:?}");
        assert!(refused.says("keeps it"), "it has an id of its own: {refused:?}");
    }
    let node = ServeProcess::start(&folder.path().join("theirs"), &[]).await;
    let mut owner = ScriptedPeer::connect(node.public, TestSite::small("name", 2)).await;
    owner.host(&TestSite::small("name", 2), Have::All).await.unwrap();

    let nowhere = format!("local:{}", folder.path().join("nowhere").display());
    let missing = copy(&["--from", &nowhere, "--to", &theirs]).await;
    assert_eq!((missing.code, missing.says("there is no registry in")), (3, true), "{missing:?}");
    assert!(!folder.path().join("nowhere").exists(), "looking for one makes none");
    let same = copy(&["--from", &ours, "--to", &ours]).await;
    assert_eq!(same.code, 2, "{same:?}");
}

/// What a command said, and how it ended.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    remarks: String,
}

impl Said {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().expect("it was not killed");
        Self { code, out: text(output.stdout), remarks: text(output.stderr) }
    }

    fn says(&self, what: &str) -> bool {
        self.remarks.contains(what)
    }
}

async fn copy(flags: &[&str]) -> Said {
    let output = crowd().args(["registry", "copy"]).args(flags).stderr(Stdio::piped()).output().await;
    Said::of(output.unwrap())
}

async fn serve_until_it_ends(data: &Path, flags: &[&str]) -> Said {
    let ports = ["--port", "--cluster-port", "--admin-port", "--app-port"].map(|port| [port, "0"]);
    let mut command = crowd();
    command.arg("serve").args(ports.as_flattened()).arg("--data").arg(data).args(flags);
    Said::of(command.stderr(Stdio::piped()).output().await.unwrap())
}

fn version_of(name: &str, version: u64) -> TestSite {
    TestSite::of(name, 1, version, &[("index.html", format!("version {version}").into())])
}

async fn publish(node: &ServeProcess, site: &TestSite) {
    ScriptedPeer::connect(node.public, site.clone()).await.publish(site).await.unwrap();
}

async fn version(node: &ServeProcess, name: &str) -> Option<u64> {
    let mut reader = ScriptedPeer::connect(node.public, ()).await;
    reader.resolve(&name.parse().unwrap()).await.ok().map(|(version, _)| version)
}

async fn cluster_id(node: &ServeProcess) -> String {
    let status = get(node.admin, "/api/cluster").await.unwrap();
    let status: serde_json::Value = serde_json::from_slice(&status.body).unwrap();
    status["cluster"].as_str().expect("it has an id").to_owned()
}

async fn stop(mut node: ServeProcess) {
    node.signal("TERM");
    eventually("it has stopped", async || node.child.try_wait().unwrap()).await;
}
