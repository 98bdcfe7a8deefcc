//! Where a node is: what people type and what `welcome` and `goaway` name, as one type.

use std::fmt;
use std::str::FromStr;

use crowd_protocol::{ProjectName, SOCKET_PATH, Server};

use crate::PeerError;

/// A node's public port when nothing else is said.
const PLAIN_PORT: u16 = 7000;
/// The port of https and wss.
const TLS_PORT: u16 = 443;

/// A node's address. `wss://discovery.example.org`, `http://127.0.0.1:7000` and `localhost:7000` all read as one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeUrl {
    host: String,
    port: u16,
    tls: bool,
    /// Named without a scheme and without a port: where wss on 443 is refused, ws on 7000 is tried.
    guessed: bool,
}

impl NodeUrl {
    /// Reads `ws://`, `wss://`, `http://` or `https://` addresses, and what an address of a project may name:
    /// `HOST` and `HOST:PORT`.
    pub fn parse(text: &str) -> Result<Self, PeerError> {
        let bad = |why: String| PeerError::BadUrl { text: text.to_owned(), why };
        let Some((scheme, rest)) = text.trim().split_once("://") else {
            let server = Server::parse(text.trim()).map_err(|error| bad(error.message.into_owned()))?;
            return Ok(Self::of(&server));
        };
        let (tls, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "ws" | "http" => (false, 80),
            "wss" | "https" => (true, TLS_PORT),
            "crowd" => {
                return Err(bad("that is the address of a project; a node's starts with http://".into()));
            }
            _ => return Err(bad("it starts with http://, https://, ws:// or wss://".into())),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if !path.is_empty() && format!("/{path}") != SOCKET_PATH {
            return Err(bad("a node is named without a path".into()));
        }
        let server = Server::parse(authority).map_err(|error| bad(error.message.into_owned()))?;
        Ok(Self { host: server.host, port: server.port.unwrap_or(default_port), tls, guessed: false })
    }

    /// Where a discovery server that an address names is reached: without a port wss on 443 and, where that is
    /// refused, ws on 7000; with one ws, but for 443 itself.
    pub fn of(server: &Server) -> Self {
        let port = server.port.unwrap_or(TLS_PORT);
        let guessed = server.port.is_none();
        Self { host: server.host.clone(), port, tls: port == TLS_PORT, guessed }
    }

    /// What to try where this one is refused.
    pub(crate) fn fallback(&self) -> Option<Self> {
        let host = self.host.clone();
        self.guessed.then_some(Self { host, port: PLAIN_PORT, tls: false, guessed: false })
    }

    /// The same place with TLS, where this is without.
    pub(crate) fn encrypted(&self) -> Option<Self> {
        (!self.tls).then(|| Self { tls: true, guessed: false, ..self.clone() })
    }

    /// The host's name or address, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// True for wss.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// True where only this computer is meant.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self.host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
    }

    /// The node as an address of a project names it.
    pub fn server(&self) -> Server {
        let port = (!(self.tls && self.port == TLS_PORT)).then_some(self.port);
        Server { host: self.host.clone(), port }
    }

    /// Where a browser finds `project`: `http://HOST:PORT/NAME/`.
    pub fn link(&self, project: &ProjectName) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}/{project}/", self.authority())
    }

    pub(crate) fn socket(&self) -> String {
        format!("{self}{SOCKET_PATH}")
    }

    fn authority(&self) -> String {
        let default_port = if self.tls { TLS_PORT } else { 80 };
        let port = (self.port != default_port).then_some(self.port);
        Server { host: self.host.clone(), port }.to_string()
    }
}

impl fmt::Display for NodeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "wss" } else { "ws" }, self.authority())
    }
}

impl FromStr for NodeUrl {
    type Err = PeerError;

    fn from_str(text: &str) -> Result<Self, PeerError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_way_to_name_a_node() {
        for (text, url) in [
            ("http://127.0.0.1:7000", "ws://127.0.0.1:7000"),
            ("https://discovery.example.org/", "wss://discovery.example.org"),
            ("wss://h.example/.crowd/ws", "wss://h.example"),
            ("ws://[::1]:7000", "ws://[::1]:7000"),
            ("localhost:7001", "ws://localhost:7001"),
            ("example.org:443", "wss://example.org"),
            ("example.org", "wss://example.org"),
            ("http://example.org", "ws://example.org"),
        ] {
            assert_eq!(NodeUrl::parse(text).unwrap().to_string(), url, "{text}");
        }
        for text in ["", "ftp://x", "crowd://x/y", "http://x/site", "http://", "a b:1", "host:0"] {
            assert!(NodeUrl::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn only_a_bare_host_falls_back_to_plain() {
        let fallback = |text: &str| NodeUrl::parse(text).unwrap().fallback().map(|url| url.to_string());
        assert_eq!(fallback("example.org").as_deref(), Some("ws://example.org:7000"));
        assert_eq!(fallback("wss://example.org"), None);
        assert_eq!(fallback("example.org:443"), None);
    }

    #[test]
    fn links_leave_out_what_goes_without_saying() {
        let link = |text: &str| NodeUrl::parse(text).unwrap().link(&"site".parse().unwrap());
        assert_eq!(link("https://example.org"), "https://example.org/site/");
        assert_eq!(link("http://example.org:7000"), "http://example.org:7000/site/");
        assert_eq!(NodeUrl::parse("https://example.org").unwrap().server().to_string(), "example.org");
    }
}
