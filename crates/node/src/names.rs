//! What a node calls itself where nobody told it.

use std::net::SocketAddr;

/// A name from the public address: `127.0.0.1-7000`; from the host's name where the address says nothing.
pub(crate) fn node_name(public: SocketAddr) -> String {
    let host = match public.ip().is_unspecified() {
        true => std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty()),
        false => None,
    };
    let host = host.unwrap_or_else(|| public.ip().to_string());
    let allowed = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    format!("{}-{}", host, public.port()).chars().map(allowed).collect()
}

/// The address that the world is told: an address that means every interface is reached on this machine at least.
pub(crate) fn public_url(public: SocketAddr) -> String {
    match public.ip().is_unspecified() {
        true => format!("http://localhost:{}", public.port()),
        false => format!("http://{public}"),
    }
}

/// The WebSocket address that goes with an HTTP one.
pub(crate) fn socket_url(public_url: &str) -> String {
    let url = public_url.trim_end_matches('/');
    match url.strip_prefix("http") {
        Some(rest) => format!("ws{rest}{}", crowd_protocol::SOCKET_PATH),
        None => format!("{url}{}", crowd_protocol::SOCKET_PATH),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_make_names_and_links() {
        let public: SocketAddr = "[::1]:7000".parse().unwrap();
        assert_eq!(node_name(public), "--1-7000");
        assert_eq!(public_url("0.0.0.0:81".parse().unwrap()), "http://localhost:81");
        assert_eq!(socket_url("https://a.example"), "wss://a.example/.crowd/ws");
        assert_eq!(socket_url("http://127.0.0.1:7000/"), "ws://127.0.0.1:7000/.crowd/ws");
    }
}
