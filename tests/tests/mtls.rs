//! Nodes that know each other by certificates, and everybody else at their port.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use crowd_node::{ClusterTlsFiles, Config, NODE_NAME, Node, TlsFiles};
use crowd_tests::{
    Cluster, Scrape, ScriptedPeer, ServeProcess, TestCa, TestNode, TestSite, caller, crowd, eventually,
    within,
};
use http_body_util::Empty;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

/// What every HTTP/2 client says first: the preface, and settings that set nothing.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[tokio::test(flavor = "multi_thread")]
async fn a_sessioncast_crosses_nodes_that_show_certificates() {
    let ca = TestCa::new();
    let mut cluster = Cluster::start(0).await;
    for (at, node) in ["n0", "n1", "n2"].into_iter().enumerate() {
        let files = ca.cluster(node);
        let seed = (at > 0).then(|| cluster.node(at - 1).addresses.cluster);
        // By an address or by a name: neither has to be in the certificate.
        let seed =
            seed.map(|seed| if at == 1 { seed.to_string() } else { format!("localhost:{}", seed.port()) });
        cluster
            .add(|config| {
                config.cluster_tls = Some(files.clone());
                config.join = seed.clone().into_iter().collect();
                config.relay.cache_bytes = 0;
            })
            .await;
    }
    cluster.settle(3).await;
    let site = TestSite::small("secure", 1);
    let mut host = cluster.peer(0, site.clone()).await;
    host.publish(&site).await.unwrap();
    for at in 1..3 {
        read_all(&mut cluster.peer(at, ()).await, &site).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_node_is_refused_at_the_handshake() {
    let (ca, other) = (TestCa::new(), TestCa::new());
    let config = Config { cluster_tls: Some(ca.cluster("n0")), ..Config::ephemeral() };
    let node = TestNode::start(config).await;
    let port = node.addresses.cluster;
    let call = async |identity: Option<&TlsFiles>| knock(port, caller(&ca.file(), identity)).await;

    let settings = call(Some(&ca.issue("n1", &[NODE_NAME]))).await.unwrap();
    assert_eq!(settings[3], 4, "a node is answered by HTTP/2's SETTINGS");
    for (identity, alert) in [
        (None, "CertificateRequired"),
        (Some(other.issue("n1", &[NODE_NAME])), "alert"),
        // Of the right authority, but whatever it is for, it is not for a node.
        (Some(ca.issue("web", &["localhost", "crowd.internal", "x.node.crowd.internal"])), "BadCertificate"),
    ] {
        let error = call(identity.as_ref()).await.unwrap_err().to_string();
        assert!(error.contains("received fatal alert: ") || alert != "alert", "{error}");
        assert!(error.contains(alert), "{identity:?}: {error}");
    }
    // Plain HTTP/2 is told, by an alert, that this is TLS.
    let mut plain = TcpStream::connect(port).await.unwrap();
    plain.write_all(PREFACE).await.unwrap();
    let mut answer = Vec::new();
    plain.read_to_end(&mut answer).await.unwrap();
    assert_eq!((answer[0], answer.len()), (0x15, 7), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_trusts_no_port_that_is_not_a_nodes() {
    let (ca, other) = (TestCa::new(), TestCa::new());
    let seed =
        TestNode::start(Config { cluster_tls: Some(other.cluster("n0")), ..Config::ephemeral() }).await;
    let config = Config {
        cluster_tls: Some(ca.cluster("n1")),
        join: vec![seed.addresses.cluster.to_string()],
        ..Config::ephemeral()
    };
    // It waits: the other's certificate may change yet.
    let node = Node::bind(config).await.unwrap();
    let (ready, stop) = (node.ready(), CancellationToken::new());
    let running = tokio::spawn(node.run(stop.clone()));
    let joined = tokio::time::timeout(Duration::from_secs(2), ready.cancelled()).await;
    assert!(joined.is_err(), "it joined a cluster of another authority");
    assert!(!running.is_finished(), "it gave up");
    stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_and_secure_nodes_tell_what_to_set() {
    let ca = TestCa::new();
    let secure = Config { cluster_tls: Some(ca.cluster("n0")), ..Config::ephemeral() };
    let plain = Config::ephemeral();
    for (seed, joining, says) in [
        (
            secure.clone(),
            plain.clone(),
            "it speaks TLS, but this node plain: start this one with --cluster-ca",
        ),
        (plain, secure, "it speaks plain, but this node TLS: it needs --cluster-ca"),
    ] {
        let seed = TestNode::start(seed).await;
        let address = seed.addresses.cluster.to_string();
        let config = Config { join: vec![address.clone()], ..joining };
        let running = Node::bind(config).await.unwrap().run(CancellationToken::new());
        let error = within(Duration::from_secs(10), "giving up", running).await.unwrap_err();
        assert!(format!("{error:#}").contains(&format!("{address}: {says}")), "{error:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_does_not_start_with_a_certificate_that_others_would_refuse() {
    let (ca, other) = (TestCa::new(), TestCa::new());
    let good = ca.cluster("n0");
    let with = |TlsFiles { cert, key }: TlsFiles| ClusterTlsFiles { ca: good.ca.clone(), cert, key };
    for (files, why) in [
        (
            with(other.issue("n0", &[NODE_NAME])),
            "n0.crt can't be served: other nodes would refuse it: no authority",
        ),
        (with(ca.issue("web", &["localhost"])), "it is not for node.crowd.internal"),
        (ClusterTlsFiles { ca: good.key.clone(), ..good.clone() }, "n0.key holds no certificate in PEM form"),
        (
            ClusterTlsFiles { key: ca.cluster("n1").key, ..good.clone() },
            "n1.key is not that of the certificate",
        ),
    ] {
        let config = Config { cluster_tls: Some(files), ..Config::ephemeral() };
        let error = format!("{:#}", Node::bind(config).await.err().unwrap());
        assert!(error.starts_with("--cluster-ca, --cluster-cert and --cluster-key: "), "{error}");
        assert!(error.contains(why), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_gives_way_to_another_while_nodes_run() {
    let (old, new) = (TestCa::new(), TestCa::new());
    let files: Vec<ClusterTlsFiles> = ["n0", "n1"].iter().map(|node| old.cluster(node)).collect();
    let both = fs::read_to_string(old.file()).unwrap() + &fs::read_to_string(new.file()).unwrap();
    files.iter().for_each(|files| fs::write(&files.ca, &both).unwrap());
    let mut cluster = Cluster::start(0).await;
    for files in &files {
        let secure = |config: &mut Config| {
            config.cluster_tls = Some(files.clone());
            config.relay.cache_bytes = 0;
        };
        cluster.add(secure).await;
    }
    cluster.settle(2).await;
    let site = TestSite::small("lasting", 1);
    let mut host = cluster.peer(0, site.clone()).await;
    host.publish(&site).await.unwrap();
    let mut reader = cluster.peer(1, ()).await;
    let (stop, reads) = (CancellationToken::new(), AtomicU64::new(0));
    let reading = async {
        while !stop.is_cancelled() {
            read_all(&mut reader, &site).await;
            reads.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };

    let changing = async {
        let identity = |ca: &TestCa| ca.issue("caller", &[NODE_NAME]);
        let (of_old, of_new) =
            (caller(&old.file(), Some(&identity(&old))), caller(&new.file(), Some(&identity(&new))));
        let ports = [0, 1].map(|at| cluster.node(at).addresses.cluster);
        let before = hold(ports[0], of_old.clone()).await;

        for (node, files) in ["n0", "n1"].iter().zip(&files) {
            let ClusterTlsFiles { cert, key, .. } = new.cluster(node);
            fs::copy(cert, &files.cert).unwrap();
            fs::copy(key, &files.key).unwrap();
        }
        for port in ports {
            eventually("the new certificate is shown", async || knock(port, of_new.clone()).await.ok()).await;
        }
        assert!(!before.is_finished(), "both authorities are trusted");

        files.iter().for_each(|files| fs::copy(new.file(), &files.ca).map(drop).unwrap());
        // Trusting both, so that it is the node who refuses.
        let trusting = files[0].ca.with_extension("both");
        fs::write(&trusting, &both).unwrap();
        let stale = caller(&trusting, Some(&identity(&old)));
        for port in ports {
            eventually("the old authority is refused", async || knock(port, stale.clone()).await.err()).await;
        }
        eventually("who was let in by the old authority is cut off", async || {
            before.is_finished().then_some(())
        })
        .await;
        cluster.settle(2).await;
        stop.cancel();
    };
    tokio::join!(reading, changing);
    let reads = reads.into_inner();
    assert!(reads > 10, "only {reads} reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_new_certificates_the_same_lines_carry_all_that_follows() {
    let (ca, dir) = (TestCa::new(), tempfile::tempdir().unwrap());
    fs::create_dir(dir.path().join("certs")).unwrap();
    let give = |node: &str| {
        let ClusterTlsFiles { ca, cert, key } = ca.cluster(node);
        let as_file = |name: String| dir.path().join("certs").join(name);
        for (from, name) in
            [(ca, "ca.crt".into()), (cert, format!("{node}.crt")), (key, format!("{node}.key"))]
        {
            fs::copy(from, as_file(name)).unwrap();
        }
    };
    ["n0", "n1"].into_iter().for_each(give);
    let first = ServeProcess::spawn(serve(dir.path(), Some("n0"), None)).await;
    first.ready().await;
    let mut second = serve(dir.path(), Some("n1"), Some(first.cluster));
    second.args(["--cache-bytes", "0"]);
    let second = ServeProcess::spawn(second).await;
    second.ready().await;
    let site = TestSite::small("steady", 1);
    let mut host = ScriptedPeer::connect(first.public, site.clone()).await;
    host.publish(&site).await.unwrap();
    let mut reader = ScriptedPeer::connect(second.public, ()).await;
    let sum = async |name: &str, labels: &[(&str, &str)]| {
        let scrapes = [Scrape::of(first.admin).await, Scrape::of(second.admin).await];
        scrapes.map(|scrape| scrape.sum(name, labels))
    };
    for round in 1..=2 {
        ["n0", "n1"].into_iter().for_each(give);
        eventually("both have taken it", async || {
            read_all(&mut reader, &site).await;
            let labels = [("port", "cluster"), ("outcome", "done")];
            let reloads = sum("crowd_tls_reloads_total", &labels).await;
            reloads.iter().all(|&reloads| reloads >= f64::from(round)).then_some(())
        })
        .await;
        let handshakes = async || sum("crowd_tls_handshakes_total", &[("port", "cluster")]).await;
        let before = handshakes().await;
        for _ in 0..100 {
            read_all(&mut reader, &site).await;
        }
        let more = handshakes().await.iter().sum::<f64>() - before.iter().sum::<f64>();
        // Some lines are begun only when they are wanted.
        assert!(more <= 10.0, "{more} handshakes in round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_keep_no_node_waiting() {
    let ca = TestCa::new();
    let node = TestNode::start(Config { cluster_tls: Some(ca.cluster("n0")), ..Config::ephemeral() }).await;
    let port = node.addresses.cluster;
    let member = caller(&ca.file(), Some(&ca.issue("n1", &[NODE_NAME])));
    // All silent ones of the member's own address, and of another one those that begin a handshake and stop.
    let (mut silent, mut stuck) = (Vec::new(), Vec::new());
    for _ in 0..400 {
        silent.push(TcpStream::connect(port).await.unwrap());
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let mut stream = socket.connect(port).await.unwrap();
        // It may be turned away by then.
        let _ = stream.write_all(&[0x16]).await;
        stuck.push(stream);
    }
    for _ in 0..5 {
        let settings = within(Duration::from_secs(1), "a node is let in", knock(port, member.clone())).await;
        assert_eq!(settings.unwrap()[3], 4);
    }
    let gone = async {
        for mut stream in silent {
            assert!(!matches!(stream.read(&mut [0]).await, Ok(1..)), "who says nothing is told nothing");
        }
    };
    within(Duration::from_secs(4), "who says nothing is gone", gone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_certificates_make_a_cluster_and_its_log_says_who_was_refused() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let made = crowd().args(["certs", "n0", "n1", "--out"]).arg(at("certs")).output().await.unwrap();
    let said = String::from_utf8(made.stdout).unwrap();
    assert!(made.status.success() && said.contains("crowd serve --cluster-host 0.0.0.0 "), "{said}");
    let [first, second] = ["n0", "n1"].map(|node| serve(dir.path(), Some(node), None));
    let first = ServeProcess::spawn(first).await;
    first.ready().await;
    let mut join = second;
    join.args(["--join", &first.cluster.to_string()]);
    let second = ServeProcess::spawn(join).await;
    second.ready().await;
    first.sees(2).await;

    let log = || fs::read_to_string(at("n0.log")).unwrap();
    for _ in 0..5 {
        knock(first.cluster, caller(&at("certs/ca.crt"), None)).await.unwrap_err();
    }
    let refused = eventually("the refusal is logged", async || {
        let log = log();
        log.lines().find(|line| line.contains("cluster.tls_refused")).map(str::to_owned)
    })
    .await;
    assert!(refused.contains("it shows none") && refused.contains("127.0.0.1"), "{refused}");
    assert_eq!(log().matches("cluster.tls_refused").count(), 1, "{}", log());

    let plain = serve(dir.path(), None, Some(first.cluster)).output();
    let plain = within(Duration::from_secs(15), "giving up", plain).await.unwrap();
    let log = String::from_utf8(plain.stderr).unwrap();
    assert!(!plain.status.success() && log.contains("it speaks TLS, but this node plain"), "{log}");
}

/// `crowd serve` with the certificate of `node`, or none.
fn serve(dir: &Path, node: Option<&str>, join: Option<SocketAddr>) -> tokio::process::Command {
    let mut command = crowd();
    let name = node.unwrap_or("plain");
    let log = fs::File::create(dir.join(format!("{name}.log"))).unwrap();
    command.arg("serve").stderr(Stdio::from(log)).arg("--data").arg(dir.join(name));
    for port in ["--port", "--cluster-port", "--admin-port", "--app-port"] {
        command.args([port, "0"]);
    }
    if let Some(node) = node {
        let certs = dir.join("certs");
        command.arg("--cluster-ca").arg(certs.join("ca.crt"));
        command.arg("--cluster-cert").arg(certs.join(format!("{node}.crt")));
        command.arg("--cluster-key").arg(certs.join(format!("{node}.key")));
    }
    command.args(join.iter().flat_map(|seed| ["--join".to_owned(), seed.to_string()]));
    command
}

async fn read_all(reader: &mut ScriptedPeer, site: &TestSite) {
    for hash in site.manifest.chunks() {
        let chunk = reader.by_hash(site.project(), *hash).await.unwrap();
        assert_eq!(Some(chunk), site.chunk(hash));
    }
}

async fn shake_hands(port: SocketAddr, config: Arc<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(port).await?;
    TlsConnector::from(config).connect(ServerName::try_from(NODE_NAME).unwrap(), tcp).await
}

/// What a node says first to who calls it: the head of a frame, or why it does not.
async fn knock(port: SocketAddr, config: Arc<ClientConfig>) -> io::Result<[u8; 9]> {
    let mut stream = shake_hands(port, config).await?;
    stream.write_all(PREFACE).await?;
    let mut head = [0; 9];
    stream.read_exact(&mut head).await?;
    Ok(head)
}

/// A connection as nodes have them, until it ends: one that says nothing, but answers pings.
async fn hold(port: SocketAddr, config: Arc<ClientConfig>) -> JoinHandle<()> {
    let stream = shake_hands(port, config).await.unwrap();
    let opening = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = opening.await.unwrap();
    tokio::spawn(async move {
        // It ends with its sender, too.
        let _sender: SendRequest<Empty<Bytes>> = sender;
        let _ = connection.await;
    })
}
