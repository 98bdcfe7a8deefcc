//! The node that keeps the names, killed again and again while peers publish: what it answered is there when it is back.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use crowd_protocol::{ErrorCode, Have, NodeMessage, PeerMessage, Release, SigningKey};
use crowd_tests::{ScriptedPeer, ServeProcess, TestSite, crowd};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::sleep;

/// How often the node is killed, where `CROWD_KILLS` does not say.
const KILLS: u64 = 40;
/// Peers that publish at the same time.
const PUBLISHERS: u64 = 6;
/// A node lives for so long at most once it is published to: long enough for some dozens of versions.
const LIFE: u64 = 300;

#[tokio::test(flavor = "multi_thread")]
async fn process_killed_at_any_moment_of_a_publish_loses_nothing_that_was_answered() {
    let (seed, kills) = (setting("CROWD_SEED", rand::random()), setting("CROWD_KILLS", KILLS));
    println!("CROWD_SEED={seed} CROWD_KILLS={kills}");
    let mut random = StdRng::seed_from_u64(seed);
    let data = tempfile::tempdir().unwrap();
    let mut names: Vec<Arc<Name>> = Vec::new();
    for kill in 0..kills {
        let mut node = ServeProcess::start(data.path(), &[]).await;
        check(&node, &names, &format!("after kill {kill}, CROWD_SEED={seed}")).await;
        let fresh = (0..PUBLISHERS).map(|n| Arc::new(Name::new(kill * PUBLISHERS + n)));
        let fresh: Vec<Arc<Name>> = fresh.collect();
        let publishers: Vec<_> =
            fresh.iter().map(|name| tokio::spawn(name.clone().publish_until_the_end(node.public))).collect();
        names.extend(fresh);
        sleep(Duration::from_millis(random.random_range(0..LIFE))).await;
        node.child.kill().await.unwrap();
        for publisher in publishers {
            publisher.await.unwrap();
        }
    }
    let node = ServeProcess::start(data.path(), &[]).await;
    check(&node, &names, &format!("in the end, CROWD_SEED={seed}")).await;
    let answered: u64 = names.iter().map(|name| name.answered.load(SeqCst)).sum();
    let unsure = names.iter().filter(|name| name.tried.load(SeqCst) > name.answered.load(SeqCst)).count();
    println!(
        "{} names, {answered} versions answered, {unsure} names killed in the middle of one",
        names.len()
    );
    assert!(answered > kills, "something was published between the kills");
    assert!(unsure > 0, "some publish was under way when its node was killed");
}

#[tokio::test(flavor = "multi_thread")]
async fn process_killed_while_it_makes_its_registry_makes_it_when_it_is_back() {
    let seed = setting("CROWD_SEED", rand::random());
    println!("CROWD_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    for kill in 0..12 {
        let data = folder.path().join(kill.to_string());
        let mut command = crowd();
        let ports = ["--port", "--cluster-port", "--admin-port", "--app-port"].map(|port| [port, "0"]);
        command.arg("serve").args(ports.as_flattened()).arg("--data").arg(&data);
        let mut node = command.spawn().unwrap();
        sleep(Duration::from_millis(random.random_range(0..60))).await;
        node.kill().await.unwrap();
        comes_up(&data).await;
    }
}

async fn comes_up(data: &Path) {
    let node = ServeProcess::start(data, &[]).await;
    check(&node, &[], "made anew").await;
}

/// A name that one peer publishes versions of, and what it knows of them.
struct Name {
    site: TestSite,
    owner: u8,
    /// The highest version that the node was asked to take.
    tried: AtomicU64,
    /// The highest one that it said `ok` to.
    answered: AtomicU64,
}

impl Name {
    fn new(number: u64) -> Self {
        let owner = number as u8;
        let site = TestSite::of(&format!("site-{number}"), owner, 1, &[("index.html", "hello".into())]);
        Self { site, owner, tried: AtomicU64::new(0), answered: AtomicU64::new(0) }
    }

    fn release(&self, version: u64) -> Release {
        let (key, manifest) = (SigningKey::from_bytes(&[self.owner; 32]), self.site.release.manifest);
        Release::sign(&key, self.site.project().clone(), version, manifest, "2026-01-01T00:00:00Z").unwrap()
    }

    /// Publishes one version after the other until the node is gone.
    async fn publish_until_the_end(self: Arc<Self>, node: std::net::SocketAddr) {
        let Ok(mut peer) = ScriptedPeer::try_connect(node, None, self.site.clone()).await else { return };
        for version in 1.. {
            let release = self.release(version);
            self.tried.store(version, SeqCst);
            let publish = |id| PeerMessage::Publish { id, release, token: None, have: Some(Have::All) };
            match peer.start(publish).await.await {
                Some(NodeMessage::Ok { .. }) => self.answered.store(version, SeqCst),
                Some(other) => panic!("version {version} of {}: {other:?}", self.site.project()),
                None => return,
            }
        }
    }
}

/// Every version that was answered is there, or a later one that was tried; and what is there is whole.
async fn check(node: &ServeProcess, names: &[Arc<Name>], moment: &str) {
    let mut reader = ScriptedPeer::connect(node.public, ()).await;
    for name in names {
        let (project, tried) = (name.site.project(), name.tried.load(SeqCst));
        let answered = name.answered.load(SeqCst);
        match reader.ask(|id| PeerMessage::Resolve { id, project: project.clone() }).await {
            Ok(NodeMessage::Release { release, .. }) => {
                let version = release.version;
                assert!(
                    (answered..=tried).contains(&version),
                    "{moment}: {project} is {version}, {answered}…"
                );
                assert_eq!(release, name.release(version), "{moment}");
                // It was stored, though nobody heard so.
                name.answered.store(version, SeqCst);
            }
            Err(error) if error.code == ErrorCode::UnknownProject => {
                assert_eq!(answered, 0, "{moment}: {project} is gone");
            }
            other => panic!("{moment}: {project}: {other:?}"),
        }
    }
}

fn setting(variable: &str, otherwise: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")),
        Err(_) => otherwise,
    }
}
