//! Whose page a request comes from, by its `Origin`.

use crowd_protocol::{ProjectName, Server};
use http::HeaderMap;
use http::header::ORIGIN;

use crate::hosts::{Hosts, Place};

/// Whose page asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestOrigin {
    /// Nobody's: no `Origin`, so no browser. A command or another program.
    Program,
    /// One of this node's own, such as the landing page.
    Node,
    /// One of this project's: it may host that project only, and never publish.
    Project(ProjectName),
    /// One without an origin of its own, as a sandboxed page: any project's, for all one knows.
    Opaque,
    /// Some other website's.
    Foreign,
}

impl RequestOrigin {
    /// `host` is what the request was sent to.
    pub(crate) fn of(headers: &HeaderMap, host: Option<&Server>, hosts: &Hosts) -> Self {
        let mut origins = headers.get_all(ORIGIN).iter();
        let origin = match (origins.next(), origins.next()) {
            (None, _) => return Self::Program,
            (Some(origin), None) if origin == "null" => return Self::Opaque,
            (Some(origin), None) => origin.to_str().ok().and_then(parse),
            _ => None,
        };
        let Some((secure, server)) = origin else { return Self::Foreign };
        match hosts.place(&server) {
            Ok(Place::Project(project)) => Self::Project(project),
            Ok(Place::Node) => {
                let port = |server: &Server| server.port.unwrap_or(if secure { 443 } else { 80 });
                let same_host = |host: &Server| host.host == server.host && port(host) == port(&server);
                let own = hosts.is_own(&server) && host.is_some_and(same_host);
                if own || hosts.is_public(secure, &server) { Self::Node } else { Self::Foreign }
            }
            Err(_) => Self::Foreign,
        }
    }
}

fn parse(origin: &str) -> Option<(bool, Server)> {
    let (scheme, authority) = origin.split_once("://")?;
    let secure = match scheme {
        "http" => false,
        "https" => true,
        _ => return None,
    };
    Some((secure, Server::parse(authority).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, Uri};

    #[test]
    fn an_origin_is_what_its_host_proves() {
        let hosts = Hosts::new(&Uri::from_static("https://d.example.org"), Some("example.org"));
        let project = |name| RequestOrigin::Project(ProjectName::parse(name).unwrap());
        let cases = [
            ("http://localhost:7000", "localhost:7000", RequestOrigin::Node),
            ("http://127.0.0.1:7000", "127.0.0.1:7000", RequestOrigin::Node),
            ("https://d.example.org", "10.0.0.7:7000", RequestOrigin::Node),
            ("https://d.example.org", "d.example.org", RequestOrigin::Node),
            ("http://localhost:8000", "localhost:7000", RequestOrigin::Foreign),
            ("http://site.localhost:7000", "site.localhost:7000", project("site")),
            ("http://site.localhost:7000", "localhost:7000", project("site")),
            ("https://site.example.org", "d.example.org", project("site")),
            ("https://a.b.example.org", "d.example.org", RequestOrigin::Foreign),
            ("https://evil.test", "evil.test", RequestOrigin::Foreign),
            ("https://evil.test", "d.example.org", RequestOrigin::Foreign),
            ("null", "d.example.org", RequestOrigin::Opaque),
            ("chrome-extension://abc", "d.example.org", RequestOrigin::Foreign),
            ("", "d.example.org", RequestOrigin::Foreign),
        ];
        for (origin, host, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(ORIGIN, HeaderValue::from_static(origin));
            let host = Server::parse(host).unwrap();
            assert_eq!(RequestOrigin::of(&headers, Some(&host), &hosts), expected, "{origin} at {host}");
        }
        assert_eq!(RequestOrigin::of(&HeaderMap::new(), None, &hosts), RequestOrigin::Program);
    }
}
