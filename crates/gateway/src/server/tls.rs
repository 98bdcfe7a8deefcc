//! TLS of a port: shakes hands with the certificate that its files hold now, and follows them without a restart.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crowd_tls::{Certificate, Pem, Reloading, TlsError, TlsFiles, identity};
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The first byte of a TLS record that begins a handshake; no method of HTTP begins with it.
const HANDSHAKE: u8 = 0x16;

/// A certificate that is served, and the files that it comes from. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tls(Reloading<ServerConfig>);

/// A connection whose first byte is here.
pub(crate) enum Opened {
    Encrypted(Box<TlsStream<TcpStream>>),
    /// It speaks plain HTTP, or nothing that can be understood.
    Plain(TcpStream),
}

impl Tls {
    /// Reads the certificate and its key.
    pub async fn load(TlsFiles { cert, key }: TlsFiles) -> Result<Self, TlsError> {
        Reloading::load("public", [cert, key], make).await.map(Self)
    }

    /// Shakes hands with a client, unless it does not want to.
    pub(crate) async fn open(&self, stream: TcpStream, limit: Duration) -> io::Result<Opened> {
        let opening = async {
            let mut first = [0];
            match stream.peek(&mut first).await? {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                _ if first[0] != HANDSHAKE => return Ok(Opened::Plain(stream)),
                _ => {}
            }
            let acceptor = TlsAcceptor::from(self.0.current());
            Ok(Opened::Encrypted(Box::new(acceptor.accept(stream).await?)))
        };
        let late = |_| Err(io::Error::from(io::ErrorKind::TimedOut));
        let opened = timeout(limit, opening).await.unwrap_or_else(late);
        let outcome = match &opened {
            Ok(Opened::Encrypted(_)) => "done",
            Ok(Opened::Plain(_)) => "plain",
            Err(error) if error.kind() == io::ErrorKind::TimedOut => "timed_out",
            Err(_) => "failed",
        };
        metrics::counter!("crowd_tls_handshakes_total", "port" => "public", "outcome" => outcome)
            .increment(1);
        opened
    }

    /// Follows the files for as long as it is polled.
    pub(crate) async fn follow(&self) -> Infallible {
        self.0.follow().await
    }
}

/// What serves a certificate and its key, with HTTP/2 and HTTP/1.1, over TLS 1.2 or newer.
fn make(pems: &[Pem]) -> Result<(ServerConfig, Certificate), TlsError> {
    let [cert, key] = pems else { unreachable!("two files were named") };
    let (chain, private) = (cert.certificates()?, key.key()?);
    let (certificate, unusable) = (Certificate::of(&chain[0]), identity(cert, key));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(&unusable)?.with_no_client_auth();
    let mut config = builder.with_single_cert(chain, private).map_err(&unusable)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Sessions are resumed from what clients keep: the node keeps nothing for each.
    config.ticketer = rustls::crypto::ring::Ticketer::new().map_err(&unusable)?;
    Ok((config, certificate))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_key_of_another_certificate_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = (dir.path().join("tls.crt"), dir.path().join("tls.key"));
        let pair = || {
            let made = rcgen::generate_simple_self_signed(["one.test".to_owned()]).unwrap();
            fs::write(&cert, made.cert.pem()).unwrap();
            made.signing_key.serialize_pem()
        };
        let (first, second) = (pair(), pair());
        let read = |key_pem: &str| {
            fs::write(&key, key_pem).unwrap();
            make(&[&cert, &key].map(|path| Pem::read(path).unwrap()))
        };
        let error = read(&first).err().unwrap().to_string();
        assert!(error.contains("tls.key is not that of the certificate in "), "{error}");
        let (config, certificate) = read(&second).unwrap();
        assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
        assert_eq!(certificate.names(), "one.test");
    }
}
