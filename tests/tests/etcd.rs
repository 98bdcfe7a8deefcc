//! The registry on real members of etcd: the contract, members that die, links that break, what etcd asks of clients.
#![cfg(feature = "etcd")]

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crowd_node::{Config, EtcdAccess, EtcdAddress, EtcdCertificate, EtcdUser, RegistryChoice};
use crowd_protocol::{ErrorCode, ProjectName};
use crowd_registry::contract::{contract, release};
use crowd_registry::etcd::{open, open_existing};
use crowd_registry::{Archive, Change, Outcome, RegistryError};
use crowd_telemetry::Metrics;
use crowd_tests::{
    Cluster, Etcd, EtcdTls, LossyLink, Scrape, ScriptedPeer, TestCa, TestSite, eventually, get, within,
};
use etcd_client::{Client, ConnectOptions, Permission};
use futures_util::StreamExt;
use futures_util::future::join_all;
use tokio::time::timeout;

/// Longer than any change may take to be heard of, shorter than a test may hang.
const SOON: Duration = Duration::from_secs(15);
/// Longer than any call of the registry may take.
const CALL: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread")]
async fn process_etcd_keeps_the_contract() {
    let etcd = Etcd::start(3).await;
    contract(&*registry(&etcd.address()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn process_etcd_has_one_id_for_all_who_come_at_once_and_one_for_each_prefix() {
    let etcd = Etcd::start(1).await;
    let here = etcd.address();
    let there: EtcdAddress = here.to_string().replace("/crowd/", "/there/").parse().unwrap();
    assert!(open_existing(&here, &EtcdAccess::default()).await.unwrap().is_none());
    let all = join_all((0..8).map(|_| registry(&here))).await;
    let ids: Vec<&str> = all.iter().map(|registry| registry.id()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let other = registry(&there).await;
    assert_ne!(other.id(), ids[0]);
    all[0].compare_and_set(&release("site", 1, 1), None).await.unwrap();
    assert_eq!((all[7].len().await.unwrap(), other.len().await.unwrap()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn process_etcd_claim_whose_answer_is_lost_is_known_again_when_it_is_repeated() {
    let etcd = Etcd::start(1).await;
    let link = LossyLink::to(etcd.member(0)).await;
    let registry = registry(&format!("etcd://{}", link.address()).parse().unwrap()).await;
    let lost = link.lose_answer_to(br#"{"release":{"project":"site""#);
    let outcome = registry.compare_and_set(&release("site", 1, 1), None).await.unwrap();
    assert!(lost.load(Ordering::SeqCst), "an answer was lost");
    assert!(matches!(outcome, Outcome::Committed(_)), "{outcome:?}");
    // Told apart from one that came too late.
    let outcome = registry.compare_and_set(&release("site", 1, 1), None).await.unwrap();
    assert!(matches!(outcome, Outcome::Conflict(Some(_))), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn process_etcd_watch_tells_what_it_missed_and_says_so_where_that_is_forgotten() {
    let etcd = Etcd::start(1).await;
    let (link, direct) = (LossyLink::to(etcd.member(0)).await, registry(&etcd.address()).await);
    let watched = registry(&format!("etcd://{}", link.address()).parse().unwrap()).await;
    let mut changes = watched.watch().await.unwrap();
    let mut next = async || match within(SOON, "a change", changes.next()).await.expect("it does not end") {
        Change::Committed(record) => Some(record.release.version),
        Change::Missed | Change::Lost | Change::Back => None,
    };
    let claim = async |version: u64| {
        let expected = (version > 1).then_some(version - 1);
        let outcome = direct.compare_and_set(&release("site", 1, version), expected).await.unwrap();
        assert!(matches!(outcome, Outcome::Committed(_)), "{outcome:?}");
    };
    claim(1).await;
    assert_eq!(next().await, Some(1));

    link.cut();
    assert_eq!(next().await, None, "the link broke");
    claim(2).await;
    claim(3).await;
    link.mend();
    assert_eq!(
        [next().await, next().await, next().await],
        [None, Some(2), Some(3)],
        "it goes on where it was"
    );

    link.cut();
    assert_eq!(next().await, None, "the link broke again");
    claim(4).await;
    claim(5).await;
    let mut etcdctl = client(&etcd, None).await;
    let revision = etcdctl.get("/crowd/id", None).await.unwrap().header().unwrap().revision();
    etcdctl.compact(revision, None).await.unwrap();
    link.mend();
    // That it broke off there, and that it goes on, are told each.
    let mut told = 0;
    let heard = loop {
        match next().await {
            Some(version) => break version,
            None if told == 2 => claim(6).await,
            None => {}
        }
        told += 1;
    };
    assert_eq!((heard, told), (6, 3), "what happened meanwhile is forgotten, and it goes on from here");

    // Whoever deletes a name means that nobody should go on with it.
    etcdctl.delete("/crowd/names/site", None).await.unwrap();
    assert_eq!(next().await, None);
    assert_eq!(watched.get(&"site".parse().unwrap()).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn process_etcd_that_is_restored_is_followed_from_where_it_is_and_an_emptied_one_is_left_alone() {
    let mut etcd = Etcd::start(1).await;
    let address = etcd.address();
    let (writer, watcher) = (registry(&address).await, registry(&address).await);
    let (site, project) = (|version| release("site", 1, version), "site".parse().unwrap());
    writer.compare_and_set(&site(1), None).await.unwrap();
    let backup = etcd.back_up().await;
    let mut changes = watcher.watch().await.unwrap();
    for version in 1..=30 {
        let expected = (version > 1).then_some(version - 1);
        let claim = release("other", 1, version);
        eventually("it is taken", async || writer.compare_and_set(&claim, expected).await.ok()).await;
        let heard = within(SOON, "a change", changes.next()).await;
        assert!(matches!(heard, Some(Change::Committed(_))), "{heard:?}");
    }

    // Its revisions are lower now than those that were heard of.
    etcd.restore(Some(&backup)).await;
    let heard = [within(SOON, "its end", changes.next()).await, within(SOON, "it", changes.next()).await];
    assert!(matches!(heard, [Some(Change::Lost), Some(Change::Back)]), "{heard:?}");
    eventually("it is taken", async || writer.compare_and_set(&site(2), Some(1)).await.ok()).await;
    let heard = within(SOON, "what came after", changes.next()).await;
    assert!(
        matches!(&heard, Some(Change::Committed(record)) if record.release.version == 2),
        "it is heard of at once: {heard:?}"
    );

    etcd.restore(None).await;
    assert!(matches!(within(SOON, "its end", changes.next()).await, Some(Change::Lost)));
    let refused = async || {
        let Err(error @ RegistryError::Corrupt(_)) = writer.compare_and_set(&site(3), Some(2)).await else {
            return None;
        };
        assert!(error.to_string().contains(writer.id()), "{error}");
        matches!(watcher.get(&project).await, Err(RegistryError::Corrupt(_))).then_some(())
    };
    eventually("nothing is read and written where no registry is", refused).await;
    let another = registry(&address).await;
    assert_ne!(another.id(), writer.id());
    eventually("nor where another one is", refused).await;
    assert_eq!(another.len().await.unwrap(), 0);
    assert!(watcher.watch().await.is_err());

    etcd.restore(Some(&backup)).await;
    assert!(matches!(within(SOON, "its return", changes.next()).await, Some(Change::Back)));
    eventually("it goes on", async || writer.compare_and_set(&site(3), Some(1)).await.ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn process_etcd_with_more_than_a_message_of_foreign_values_is_followed_and_copied() {
    let etcd = Etcd::start(1).await;
    let (link, direct) = (LossyLink::to(etcd.member(0)).await, registry(&etcd.address()).await);
    let watched = registry(&format!("etcd://{}", link.address()).parse().unwrap()).await;
    let mut changes = watched.watch().await.unwrap();
    direct.compare_and_set(&release("site", 1, 1), None).await.unwrap();
    assert!(matches!(within(SOON, "a change", changes.next()).await, Some(Change::Committed(_))));
    link.cut();
    assert!(matches!(within(SOON, "its end", changes.next()).await, Some(Change::Lost)));
    let mut etcdctl = client(&etcd, None).await;
    for at in 0..4 {
        etcdctl.put(format!("/crowd/names/large-{at}"), vec![b'x'; 1_400_000], None).await.unwrap();
    }
    link.mend();
    // What came meanwhile is more than a message may have, however often it is asked for.
    let mut heard = Vec::new();
    for _ in 0..3 {
        heard.push(within(SOON, "what happens", changes.next()).await.unwrap());
    }
    assert!(matches!(heard[..], [Change::Back, Change::Lost, Change::Back]), "{heard:?}");
    direct.compare_and_set(&release("site", 1, 2), Some(1)).await.unwrap();
    let heard = within(SOON, "what came after", changes.next()).await;
    assert!(matches!(heard, Some(Change::Committed(_))), "{heard:?}");

    let records: Vec<_> = direct.records().collect::<Vec<_>>().await.concat();
    let (whole, damaged): (Vec<_>, Vec<_>) = records.iter().partition(|record| record.is_ok());
    assert_eq!((whole.len(), damaged.len()), (1, 4), "{damaged:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn process_etcd_watch_in_which_nothing_happens_is_not_taken_for_one_that_stands_still() {
    let etcd = Etcd::start(1).await;
    let registry = registry(&etcd.address()).await;
    let mut changes = registry.watch().await.unwrap();
    // Longer than etcd has for a sign of life after a quiet time.
    let quiet = timeout(Duration::from_secs(20), changes.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    registry.compare_and_set(&release("site", 1, 1), None).await.unwrap();
    assert!(matches!(within(SOON, "a change", changes.next()).await, Some(Change::Committed(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn process_etcd_that_is_away_shows_and_its_nodes_stay_ready() {
    let metrics = Metrics::install().expect("no other recorder is installed");
    let mut etcd = Etcd::start(1).await;
    let address = etcd.address();
    let cluster = Cluster::with(2, |config| {
        (config.registry, config.metrics) = (RegistryChoice::Etcd(address.clone()), Some(metrics));
    })
    .await;
    let site = TestSite::small("site", 1);
    let mut peer = cluster.peer(0, site.clone()).await;
    peer.publish(&site).await.unwrap();
    everyone_reads(&cluster, &["site"]).await;
    let shows = async |following: f64, state: &str| {
        for at in 0..cluster.len() {
            let admin = cluster.node(at).addresses.admin;
            eventually(&format!("node {at} shows {state}"), async || {
                let gauge = Scrape::of(admin).await.sum("crowd_registry_following", &[]);
                let overview = get(admin, "/api/overview").await.ok()?;
                let overview: serde_json::Value = serde_json::from_slice(&overview.body).ok()?;
                let mut nodes = overview["nodes"].as_array()?.iter();
                (gauge == following && nodes.all(|node| node["state"] == state)).then_some(())
            })
            .await;
            assert_eq!(get(admin, "/readyz").await.unwrap().status, 200, "node {at} is ready");
            assert_eq!(Scrape::of(admin).await.sum("crowd_ready", &[]), 1.0);
        }
    };
    shows(1.0, "ready").await;
    etcd.kill(0).await;
    shows(0.0, "no_registry").await;
    everyone_reads(&cluster, &["site"]).await;
    etcd.restart(0).await;
    shows(1.0, "ready").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn process_etcd_may_lose_a_member_and_without_most_of_them_reading_goes_on() {
    let mut etcd = Etcd::start(3).await;
    let address = etcd.address();
    let mut cluster =
        Cluster::with(2, |config| config.registry = RegistryChoice::Etcd(address.clone())).await;
    // Whoever joins is told where the names are.
    let third = cluster.add(|config: &mut Config| assert!(!config.join.is_empty())).await;
    cluster.settle(3).await;
    let status = get(cluster.node(third).addresses.admin, "/readyz").await.unwrap();
    assert_eq!(status.status, 200);

    let mut peers = Vec::new();
    for at in 0..3 {
        let site = TestSite::small(&format!("by-{at}"), at as u8);
        let mut peer = cluster.peer(at, site.clone()).await;
        peer.publish(&site).await.unwrap();
        peers.push(peer);
    }
    everyone_reads(&cluster, &["by-0", "by-1", "by-2"]).await;

    // Whoever dies: a follower, and twice in three times after all a leader.
    for victim in 0..3 {
        etcd.kill(victim).await;
        let name = format!("without-{victim}");
        let site = TestSite::small(&name, 9);
        let mut peer = cluster.peer(victim, site.clone()).await;
        peer.publish(&site).await.unwrap_or_else(|error| panic!("with member {victim} dead: {error}"));
        everyone_reads(&cluster, &[&name]).await;
        peers.push(peer);
        etcd.restart(victim).await;
    }

    etcd.kill(0).await;
    etcd.kill(2).await;
    let late = TestSite::small("late", 7);
    let mut publisher = cluster.peer(1, late.clone()).await;
    let refused = within(Duration::from_secs(8), "an answer", publisher.publish(&late)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Internal);
    assert!(refused.message.contains("out of reach"), "{refused}");
    everyone_reads(&cluster, &["by-0", "by-1", "by-2", "without-0"]).await;
    for at in 0..3 {
        let ready = get(cluster.node(at).addresses.admin, "/readyz").await.unwrap();
        assert_eq!(ready.status, 200, "node {at} goes on");
    }

    etcd.restart(2).await;
    eventually("publishing goes on", async || publisher.publish(&late).await.ok()).await;
    everyone_reads(&cluster, &["late"]).await;
    // What is news is heard of by all again, without asking.
    let newer = TestSite::of("late", 7, 2, &[("index.html", "newer".into())]);
    let mut publisher = cluster.peer(0, newer.clone()).await;
    publisher.publish(&newer).await.unwrap();
    for at in 0..3 {
        let mut reader = cluster.peer(at, ()).await;
        eventually("the newer version is known", async || {
            (reader.resolve(newer.project()).await.ok()?.0 == 2).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn process_etcd_member_that_hangs_keeps_nobody_waiting_for_ever() {
    let etcd = Etcd::start(3).await;
    let address = etcd.address();
    // Each prefers a member of its own choice.
    let all = join_all((0..6).map(|_| registry(&address))).await;
    let mut watches = join_all(all.iter().map(|registry| registry.watch())).await;
    for (frozen, version) in [(0, 1), (1, 2)] {
        etcd.freeze(frozen, true);
        let claim = release("site", 1, version);
        let expected = (version > 1).then_some(version - 1);
        // An election may take longer than one call waits, and no call may take longer than it says.
        eventually("the claim is committed", async || {
            let claimed = all[frozen].compare_and_set(&claim, expected);
            match within(CALL, "a claim", claimed).await {
                Ok(Outcome::Committed(_)) => Some(()),
                Err(RegistryError::Unavailable(_)) => None,
                other => panic!("{other:?} with member {frozen} frozen"),
            }
        })
        .await;
        let reads = all.iter().map(|registry| {
            eventually("the claim is read", async || {
                match within(CALL, "a read", registry.get(&claim.project)).await {
                    Ok(read) => Some(read.expect("it was committed").release.version),
                    Err(RegistryError::Unavailable(_)) => None,
                    Err(other) => panic!("{other} with member {frozen} frozen"),
                }
            })
        });
        assert!(join_all(reads).await.iter().all(|read| *read == version), "with member {frozen} frozen");
        let hear = watches.iter_mut().map(|changes| async {
            let hears = |change: Change| match change {
                Change::Committed(record) => record.release.version >= version,
                _ => false,
            };
            while !hears(changes.as_mut().unwrap().next().await.expect("it does not end")) {}
        });
        within(SOON, "everyone hears of it", join_all(hear)).await;
        etcd.freeze(frozen, false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn process_etcd_with_tls_and_users_takes_who_may_come_and_says_why_not() {
    let (ca, clients, strangers) = (TestCa::new(), TestCa::new(), TestCa::new());
    let tls = EtcdTls { files: ca.node(), ca: clients.file() };
    let etcd = Etcd::secure(tls).await;
    let [mine, theirs] = [clients.issue("node", &["node"]), strangers.issue("node", &["node"])]
        .map(|files| Some(EtcdCertificate { cert: files.cert, key: files.key }));
    let certified = EtcdAccess { ca: Some(ca.file()), certificate: mine, user: None };
    let passwords = tempfile::tempdir().unwrap();
    let password = |text: &str| {
        let file = passwords.path().join(text);
        std::fs::write(&file, format!("{text}\n")).unwrap();
        file
    };
    let user = |name: &str, text: &str| {
        let user = EtcdUser { name: name.to_owned(), password_file: password(text) };
        EtcdAccess { user: Some(user), ..certified.clone() }
    };
    users(&etcd, &certified).await;

    let right = user("crowd", "secret");
    contract(&*open(&etcd.address(), &right, None).await.unwrap()).await;
    let config = |config: &mut Config| {
        (config.registry, config.etcd) = (RegistryChoice::Etcd(etcd.address()), right.clone());
    };
    let cluster = Cluster::with(2, config).await;
    let site = TestSite::small("site", 1);
    let mut peer = cluster.peer(0, site.clone()).await;
    peer.publish(&site).await.unwrap();
    everyone_reads(&cluster, &["site"]).await;

    let no_file = EtcdUser { name: "crowd".into(), password_file: passwords.path().join("none") };
    let cases = [
        ("no TLS", EtcdAccess::default(), true, "does it speak TLS"),
        ("another authority", EtcdAccess { ca: Some(clients.file()), ..right.clone() }, true, "certificate"),
        ("no certificate", EtcdAccess { certificate: None, ..right.clone() }, true, "--etcd-cert"),
        (
            "a stranger's certificate",
            EtcdAccess { certificate: theirs, ..right.clone() },
            true,
            "closed|alert",
        ),
        ("nobody", certified.clone(), false, "permission denied"),
        ("a wrong password", user("crowd", "guess"), false, "authentication failed"),
        ("a user of other keys", user("other", "other"), false, "permission denied"),
        ("no file", EtcdAccess { user: Some(no_file), ..certified.clone() }, false, "No such file"),
    ];
    let address = &etcd.address();
    let refusals = cases.map(|(case, access, passing, why)| async move {
        let Err(error) = open(address, &access, None).await else { panic!("{case}: it is let in") };
        assert_eq!(matches!(error, RegistryError::Unavailable(_)), passing, "{case}: {error}");
        // Which of two comes first, the end of the connection or why it ends, is chance.
        let text = error.to_string();
        assert!(why.split('|').any(|why| text.contains(why)), "{case}: {text}");
    });
    join_all(refusals).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn process_etcd_that_forgot_its_sessions_is_logged_in_to_again() {
    let (ca, clients) = (TestCa::new(), TestCa::new());
    let mut etcd = Etcd::secure(EtcdTls { files: ca.node(), ca: clients.file() }).await;
    let certificate = clients.issue("node", &["node"]);
    let certificate = Some(EtcdCertificate { cert: certificate.cert, key: certificate.key });
    let certified = EtcdAccess { ca: Some(ca.file()), certificate, user: None };
    let folder = tempfile::tempdir().unwrap();
    let password_file = folder.path().join("password");
    std::fs::write(&password_file, "secret").unwrap();
    users(&etcd, &certified).await;
    let user = Some(EtcdUser { name: "crowd".into(), password_file });
    let registry = open(&etcd.address(), &EtcdAccess { user, ..certified }, None).await.unwrap();
    let mut changes = registry.watch().await.unwrap();
    registry.compare_and_set(&release("site", 1, 1), None).await.unwrap();

    // Its sessions were in memory alone.
    etcd.kill(0).await;
    etcd.restart(0).await;
    let second = release("site", 1, 2);
    eventually("the next version is taken", async || registry.compare_and_set(&second, Some(1)).await.ok())
        .await;
    let heard = async {
        loop {
            if let Some(Change::Committed(record)) = changes.next().await
                && record.release.version == 2
            {
                return;
            }
        }
    };
    within(SOON, "the change", heard).await;
}

async fn registry(address: &EtcdAddress) -> Arc<dyn Archive> {
    open(address, &EtcdAccess::default(), None).await.unwrap()
}

/// Every node serves these names' pages to somebody who just came.
async fn everyone_reads(cluster: &Cluster, names: &[&str]) {
    for at in 0..cluster.len() {
        let mut reader: ScriptedPeer = cluster.peer(at, ()).await;
        for name in names {
            let project = ProjectName::parse(name).unwrap();
            eventually(&format!("{name} is read through node {at}"), async || {
                reader.by_path(&project, "index.html", 0).await.ok()
            })
            .await;
        }
    }
}

/// Users that etcd asks for: `crowd` may use the registry's keys, `other` only its own.
async fn users(etcd: &Etcd, certified: &EtcdAccess) {
    let mut client = client(etcd, Some(certified)).await;
    client.user_add("root", "root", None).await.unwrap();
    client.role_add("root").await.unwrap();
    client.user_grant_role("root", "root").await.unwrap();
    for (name, password, keys) in [("crowd", "secret", "/crowd/"), ("other", "other", "/other/")] {
        client.role_add(name).await.unwrap();
        let all = Permission::read_write(keys).with_prefix();
        client.role_grant_permission(name, all).await.unwrap();
        client.user_add(name, password, None).await.unwrap();
        client.user_grant_role(name, name).await.unwrap();
    }
    client.auth_enable().await.unwrap();
}

async fn client(etcd: &Etcd, access: Option<&EtcdAccess>) -> Client {
    let options = access.map(|access| {
        let read = |file| std::fs::read(file).unwrap();
        let certificate = access.certificate.as_ref().unwrap();
        let authority = etcd_client::Certificate::from_pem(read(access.ca.as_ref().unwrap()));
        let identity = etcd_client::Identity::from_pem(read(&certificate.cert), read(&certificate.key));
        let tls = etcd_client::TlsOptions::new().ca_certificate(authority).identity(identity);
        ConnectOptions::new().with_tls(tls)
    });
    Client::connect([etcd.member(0).to_string()], options).await.unwrap()
}
