//! What one setting may say. [`crate::Config`] is held to it before anything is bound, and the command reads its flags
//! with it, so that it can name the line of a file.

use http::Uri;

/// Bytes of a host name at most, less those of a project's name and the dot before the domain.
const MAX_DOMAIN: usize = 253 - 64;
/// Bytes of one label of a host name at most.
const MAX_LABEL: usize = 63;

/// A cluster address: `HOST:PORT`.
pub fn check_place(place: &str) -> Result<(), String> {
    let port = place.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    match port.map(|(_, port)| port.parse::<u16>()) {
        Some(Ok(1..)) if place.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(()),
        _ => Err(format!("{place:?} is no HOST:PORT, such as node-2.example.org:7001")),
    }
}

/// A public URL: a scheme, a host and perhaps a port.
pub fn check_public_url(url: &str) -> Result<(), String> {
    let wrong = || format!("{url:?} is no public URL: it is http:// or https:// and a host, without a path");
    let parsed: Uri = url.parse().map_err(|_| wrong())?;
    let plain = matches!(parsed.scheme_str(), Some("http" | "https"))
        && parsed.host().is_some_and(|host| !host.is_empty())
        && parsed.path() == "/"
        && parsed.query().is_none();
    if plain { Ok(()) } else { Err(wrong()) }
}

/// A domain that projects have their origins under: a host name, in whatever case, that is no IP address.
pub fn check_domain(domain: &str) -> Result<(), String> {
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    let good = domain.len() <= MAX_DOMAIN
        && domain.split('.').all(is_label)
        && domain.rsplit('.').next().is_some_and(|last| !is_number(last));
    if good {
        return Ok(());
    }
    Err(format!(
        "{domain:?} is no domain: it is a host name alone, such as example.org or localhost, without a scheme, a port, \
         a path or a *"
    ))
}

/// A node's name.
pub fn check_name(name: &str) -> Result<(), String> {
    let checked = crowd_cluster::checked_node_name(name);
    checked.map(drop).map_err(|status| format!("{name:?} is no name of a node: {}", status.message()))
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_a_scheme_and_a_host() {
        for url in ["https://a.example", "http://127.0.0.1:7000/", "http://[::1]:7000"] {
            assert_eq!(check_public_url(url), Ok(()));
        }
        for url in [
            "a.example",
            "ftp://a.example",
            "http://",
            "https://a.example/x",
            "https://a.example/?x",
            "",
            "a b",
        ] {
            assert!(check_public_url(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_domain_is_a_host_name() {
        for domain in
            ["example.org", "localhost", "Sites.EXAMPLE.org", "xn--bcher-kva.example", "1.2.example"]
        {
            assert_eq!(check_domain(domain), Ok(()));
        }
        let long = format!("{}example.org", "label.".repeat(31));
        for domain in [
            "",
            "not a domain",
            "a b",
            "https://example.org",
            "*.example.org",
            "example.org/foo",
            "example.org:7000",
            "-x..y",
            "-x.org",
            "x-.org",
            ".example.org",
            "example.org.",
            "under_score.org",
            "bücher.example",
            "10.0.0.1",
            "[::1]",
            &long,
            &"a".repeat(64),
        ] {
            let why = check_domain(domain).unwrap_err();
            assert!(
                why.contains(&format!("{domain:?}")) && why.contains("example.org or localhost"),
                "{why}"
            );
        }
    }

    #[test]
    fn a_place_is_a_host_and_a_port_and_a_name_has_no_blanks() {
        for place in ["n1:7001", "[::1]:7001"] {
            assert_eq!(check_place(place), Ok(()));
        }
        for place in ["", "n1", ":7001", "n1:0", "n1:70000", "n 1:7001"] {
            assert!(check_place(place).is_err(), "{place}");
        }
        assert_eq!(check_name("crowd-0.crowd"), Ok(()));
        for name in ["", "a b", "n/1"] {
            assert!(check_name(name).unwrap_err().contains(&format!("{name:?}")));
        }
    }
}
