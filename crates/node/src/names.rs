//! What a node calls itself where nobody told it.

use crate::Addresses;

/// A name from the address that other nodes reach this one by, which no two of them share: `127.0.0.1-7001`.
pub(crate) fn node_name(advertise: &str) -> String {
    let plain = |c: &char| !matches!(c, '[' | ']');
    let allowed = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    advertise.chars().filter(plain).map(allowed).collect()
}

/// The address that links have where nobody gave one: one that means every interface is reached on this machine at
/// least.
pub(crate) fn public_url(Addresses { public, secure, .. }: &Addresses) -> String {
    let scheme = if *secure { "https" } else { "http" };
    match public.ip().is_unspecified() {
        true => format!("{scheme}://localhost:{}", public.port()),
        false => format!("{scheme}://{public}"),
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

    fn addresses(public: &str, secure: bool) -> Addresses {
        let public = public.parse().unwrap();
        Addresses { public, secure, app: None, cluster: public, admin: public }
    }

    #[test]
    fn addresses_make_names_and_links() {
        assert_eq!(node_name("127.0.0.1:7001"), "127.0.0.1-7001");
        assert_eq!(node_name("[::1]:7001"), "--1-7001");
        assert_eq!(node_name("crowd-0.crowd:7001"), "crowd-0.crowd-7001");
        assert_eq!(public_url(&addresses("0.0.0.0:81", false)), "http://localhost:81");
        assert_eq!(public_url(&addresses("10.0.0.1:81", true)), "https://10.0.0.1:81");
        assert_eq!(socket_url("https://a.example"), "wss://a.example/.crowd/ws");
        assert_eq!(socket_url("http://127.0.0.1:7000/"), "ws://127.0.0.1:7000/.crowd/ws");
    }
}
