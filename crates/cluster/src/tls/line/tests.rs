use std::fs;
use std::time::SystemTime;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::{advance, pause};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::super::files::{ClusterTlsFiles, NODE_NAME};
use super::super::trust::node_name;
use super::*;

#[tokio::test]
async fn a_line_ends_soon_after_the_certificate_that_the_other_side_showed() {
    let ca = Authority::new();
    let lasting = ca.lines("lasting", Duration::from_secs(3_600)).await;
    let short = ca.lines("short", Duration::from_secs(3)).await;
    let mut called_by_short = lines(&lasting, &short).await;
    let mut calling_short = lines(&short, &lasting).await;
    // What is judged is the time of the world, which no test can put on.
    tokio::time::sleep(Duration::from_secs(4)).await;
    pause();
    advance(JUDGE_AGAIN).await;
    let ends = [&mut called_by_short.0, &mut calling_short.1];
    let ends = ends.map(|line| {
        line.judge_again().expect("what was asked is still answered");
        line
    });
    advance(LAST_ANSWERS).await;
    for line in ends {
        let error = line.judge_again().unwrap_err().to_string();
        assert_eq!(error, "its certificate is refused: its time is over");
    }
    for line in [&mut called_by_short.1, &mut calling_short.0] {
        line.judge_again().expect("the other side's certificate lasts");
    }
}

/// Both ends of a line: of who was called, and of who called.
async fn lines(called: &Lines, calling: &Lines) -> (Line, Line) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (here, _) = listener.accept().await.unwrap();
    let node = |lines: &Lines| lines.tls().unwrap().current();
    let (server, client) = (node(called), node(calling));
    let (accepted, connected) = tokio::join!(
        TlsAcceptor::from(server.server.clone()).accept(here),
        TlsConnector::from(client.client.clone()).connect(node_name(), there),
    );
    let line = |lines: &Lines, direction, stream, node| {
        Line::secure(lines.clone(), direction, "there".into(), stream, node)
    };
    (
        line(called, Direction::In, accepted.unwrap().into(), server),
        line(calling, Direction::Out, connected.unwrap().into(), client),
    )
}

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, dir: tempfile::tempdir().unwrap() }
    }

    /// Of a node whose certificate lasts so long.
    async fn lines(&self, node: &str, lasts: Duration) -> Lines {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([NODE_NAME.to_owned()]).unwrap();
        params.not_after = (SystemTime::now() + lasts).into();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        let file = |kind: &str, pem: String| {
            let path = self.dir.path().join(format!("{node}.{kind}"));
            fs::write(&path, pem).unwrap();
            path
        };
        let (ca, cert) = (file("ca", self.issuer.pem()), file("crt", cert.pem()));
        Lines::secure(ClusterTlsFiles { ca, cert, key: file("key", key.serialize_pem()) }).await.unwrap()
    }
}
