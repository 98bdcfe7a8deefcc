//! Host names: which mean the node itself, which a project's own origin, and where a project's origin is.

use std::net::IpAddr;

use crowd_protocol::{ProjectName, Server, WireError};
use http::Uri;

/// Under this one projects have origins without any set-up: browsers resolve it to the machine itself.
const LOCALHOST: &str = "localhost";
/// Where a discovery server is found without TLS.
const PLAIN_PORT: u16 = 7000;

/// Whose host name a request was sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The node's: the first segment of a path is a project.
    Node,
    /// A project's own origin.
    Project(ProjectName),
}

/// The names of this node.
#[derive(Debug)]
pub(crate) struct Hosts {
    public: Option<Server>,
    secure: bool,
    /// True where the port itself speaks TLS, by whatever name it is reached.
    encrypted: bool,
    domain: Option<String>,
}

impl Hosts {
    pub(crate) fn new(public_url: &Uri, domain: Option<&str>) -> Self {
        let public = public_url.authority().and_then(|authority| Server::parse(authority.as_str()).ok());
        let domain = domain.map(|domain| domain.trim_matches('.').to_ascii_lowercase());
        Self {
            public,
            secure: public_url.scheme_str() == Some("https"),
            encrypted: false,
            domain: domain.filter(|domain| !domain.is_empty()),
        }
    }

    /// The same names, where the port itself speaks TLS.
    pub(crate) fn encrypted(self, encrypted: bool) -> Self {
        Self { encrypted, secure: self.secure || encrypted, ..self }
    }

    /// The domain that projects have their origins under.
    pub(crate) fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// Whose host this is. `bad_name` for one under the projects' domain that is no project's.
    pub(crate) fn place(&self, host: &Server) -> Result<Place, WireError> {
        if self.is_named(&host.host) {
            return Ok(Place::Node);
        }
        match self.bases().find_map(|base| label_under(&host.host, base)) {
            Some(label) => Ok(Place::Project(ProjectName::parse(label)?)),
            None => Ok(Place::Node),
        }
    }

    /// The origin of `project`, such as `http://mywebsite.localhost:7000`, for who came by `host`. None where projects
    /// have no origins of their own.
    pub(crate) fn project_origin(&self, host: &Server, project: &ProjectName) -> Option<String> {
        let name = host.host.as_str();
        // An IP address is public where nobody named the node: it says nothing of a domain.
        let is_ip = name.parse::<IpAddr>().is_ok();
        let is_public = !is_ip && self.public.as_ref().is_some_and(|public| public.host == name);
        let under = |base: &&str| name == *base || label_under(name, base).is_some();
        let base = self.bases().find(under).or_else(|| self.domain().filter(|_| is_public))?;
        let public_is_under =
            |public: &Server| public.host == base || label_under(&public.host, base).is_some();
        // The scheme of the public address says nothing of a localhost that it does not name.
        let secure = self.encrypted
            || self.secure && (base != LOCALHOST || self.public.as_ref().is_some_and(public_is_under));
        let scheme = if secure { "https" } else { "http" };
        let port = host.port.map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{scheme}://{project}.{base}{port}"))
    }

    /// Where the public port is, such as `https://discovery.example.org:7000`: for a project's visitors by the name that
    /// they came by. None where the public URL names no host.
    pub(crate) fn public_origin(&self, place: &Place, host: Option<&Server>) -> Option<String> {
        let public = self.public.as_ref()?;
        let scheme = if self.secure { "https" } else { "http" };
        let own = host.filter(|_| matches!(place, Place::Project(_)));
        let host = own.map_or(&public.host, |host| &host.host);
        Some(format!("{scheme}://{}", Server { host: host.clone(), port: public.port }))
    }

    /// The origin that `host` is itself, such as `http://127.0.0.1:7000`.
    pub(crate) fn origin_of(&self, host: &Server) -> String {
        let secure = self.encrypted || self.secure && self.is_public_name(&host.host);
        format!("{}://{host}", if secure { "https" } else { "http" })
    }

    /// What a crowd address may name as its server to mean this node, for who came by `host`; what `host` stands for
    /// first. Each has its port; where the address may leave that out, it is there without one too.
    pub(crate) fn servers(&self, host: Option<&Server>) -> Vec<String> {
        let came = host.map(|host| {
            let base = self.bases().find(|base| label_under(&host.host, base).is_some());
            Server { host: base.unwrap_or(&host.host).to_owned(), port: host.port }
        });
        let known = || came.iter().chain(&self.public);
        let names = known().map(|server| server.host.as_str()).chain(self.domain());
        let mut servers = Vec::new();
        for name in names {
            for port in known().map(|server| Some(server.port.unwrap_or(self.usual_port()))).chain([None]) {
                let server = Server { host: name.to_owned(), port };
                let text = server.to_string();
                if came.as_ref().or(self.public.as_ref()).is_some_and(|came| self.is_here(&server, came))
                    && !servers.contains(&text)
                {
                    servers.push(text);
                }
            }
        }
        servers
    }

    fn usual_port(&self) -> u16 {
        if self.secure { 443 } else { 80 }
    }

    /// True where an address that names `server` means this node, for who came by `host`.
    pub(crate) fn is_here(&self, server: &Server, host: &Server) -> bool {
        let both_local = server.host == LOCALHOST && label_under(&host.host, LOCALHOST).is_some();
        let same_name = server.host == host.host || both_local || self.is_public_name(&server.host);
        let ports = [Some(host), self.public.as_ref()].into_iter().flatten().map(|known| known.port);
        let mut ports = ports.map(|port| port.unwrap_or(self.usual_port()));
        same_name
            && match server.port {
                Some(port) => ports.any(|known| known == port),
                None => ports.any(|known| matches!(known, 80 | 443 | PLAIN_PORT)),
            }
    }

    /// The ordinary address of another discovery server. Without a port it is at https, as PROTOCOL.md says, but for
    /// this machine, which has no certificate.
    pub(crate) fn elsewhere(server: &Server) -> String {
        let local = server.host == LOCALHOST || server.host.starts_with("127.") || server.host == "::1";
        match server.port {
            None if local => format!("http://{}", Server { port: Some(PLAIN_PORT), ..server.clone() }),
            None => format!("https://{server}"),
            Some(443) => format!("https://{}", Server { port: None, ..server.clone() }),
            Some(_) => format!("http://{server}"),
        }
    }

    /// True for hosts that only this node's own pages can have. A stranger's page can make its own host name resolve to
    /// this node, so a name that nobody configured is no proof.
    pub(crate) fn is_own(&self, host: &Server) -> bool {
        self.is_named(&host.host) || host.host.parse::<IpAddr>().is_ok()
    }

    /// True where `host` and `port` are those of the public URL.
    pub(crate) fn is_public(&self, secure: bool, server: &Server) -> bool {
        let port = |server: &Server| server.port.unwrap_or(if secure { 443 } else { 80 });
        self.secure == secure
            && self.public.as_ref().is_some_and(|own| own.host == server.host && port(own) == port(server))
    }

    fn is_named(&self, name: &str) -> bool {
        name == LOCALHOST || label_under(name, LOCALHOST) == Some("www") || self.is_public_name(name)
    }

    fn is_public_name(&self, name: &str) -> bool {
        let is_domain = |domain: &str| name == domain || label_under(name, domain) == Some("www");
        self.public.as_ref().is_some_and(|own| own.host == name) || self.domain().is_some_and(is_domain)
    }

    fn bases(&self) -> impl Iterator<Item = &str> {
        self.domain().into_iter().chain([LOCALHOST])
    }
}

fn label_under<'n>(name: &'n str, base: &str) -> Option<&'n str> {
    name.strip_suffix(base)?.strip_suffix('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        Hosts::new(&Uri::from_static("https://discovery.example.org"), Some("example.org"))
    }

    fn server(text: &str) -> Server {
        Server::parse(text).unwrap()
    }

    #[test]
    fn a_host_is_the_nodes_or_a_projects() {
        let hosts = hosts();
        for own in [
            "localhost:7000",
            "example.org",
            "www.example.org",
            "discovery.example.org",
            "10.0.0.1:7000",
            "x.y",
        ] {
            assert_eq!(hosts.place(&server(own)), Ok(Place::Node), "{own}");
        }
        for project in ["site.localhost:7000", "site.example.org", "SITE.example.org:8080"] {
            let expected = Place::Project(ProjectName::parse("site").unwrap());
            assert_eq!(hosts.place(&server(project)), Ok(expected), "{project}");
        }
        for bad in ["a.b.localhost", "-a.example.org", "a_b.example.org", "xn--a.example.org"] {
            assert!(hosts.place(&server(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_project_has_an_origin_where_the_host_allows() {
        let (hosts, site) = (hosts(), ProjectName::parse("site").unwrap());
        let cases = [
            ("localhost:7000", Some("http://site.localhost:7000")),
            ("other.localhost:7000", Some("http://site.localhost:7000")),
            ("example.org", Some("https://site.example.org")),
            ("discovery.example.org:8443", Some("https://site.example.org:8443")),
            ("127.0.0.1:7000", None),
            ("unknown.net", None),
        ];
        for (host, origin) in cases {
            assert_eq!(hosts.project_origin(&server(host), &site).as_deref(), origin, "{host}");
        }
        let encrypted = hosts.encrypted(true);
        let origin = encrypted.project_origin(&server("localhost:7000"), &site);
        assert_eq!(origin.as_deref(), Some("https://site.localhost:7000"));
    }

    #[test]
    fn the_public_port_is_found_by_the_same_name_only_for_projects() {
        let hosts = Hosts::new(&Uri::from_static("https://discovery.example.org:7000"), Some("example.org"));
        let at = |host: &str| {
            let host = server(host);
            hosts.public_origin(&hosts.place(&host).unwrap(), Some(&host)).unwrap()
        };
        assert_eq!(at("site.example.org"), "https://site.example.org:7000");
        assert_eq!(at("site.example.org:80"), "https://site.example.org:7000");
        assert_eq!(at("10.0.0.1"), "https://discovery.example.org:7000");
        assert_eq!(at("www.example.org"), "https://discovery.example.org:7000");
    }

    #[test]
    fn a_node_knows_the_names_it_has() {
        let cases = [
            (
                "site.example.org",
                &["example.org:443", "example.org", "discovery.example.org:443", "discovery.example.org"][..],
            ),
            ("127.0.0.1:7000", &["127.0.0.1:7000", "127.0.0.1:443", "127.0.0.1"]),
        ];
        let hosts = hosts();
        for (host, expected) in cases {
            let known = hosts.servers(Some(&server(host)));
            assert_eq!(known[..expected.len()], *expected, "{host}");
            assert!(known.iter().all(|name| hosts.is_here(&server(name), &server(host))), "{known:?}");
        }
        let local = Hosts::new(&Uri::from_static("http://127.0.0.1:7100"), None);
        let known = local.servers(Some(&server("site.localhost:7100")));
        assert_eq!(known, ["localhost:7100", "127.0.0.1:7100"]);
        assert_eq!(local.servers(None), ["127.0.0.1:7100"]);
    }

    #[test]
    fn an_address_may_name_this_node() {
        let hosts = hosts();
        let cases = [
            ("localhost:7000", "site.localhost:7000", true),
            ("localhost", "site.localhost:7000", true),
            ("localhost:7010", "site.localhost:7000", false),
            ("discovery.example.org", "site.example.org", true),
            ("discovery.example.org:7000", "site.example.org", false),
            ("other.org", "site.example.org", false),
            ("127.0.0.1:7000", "127.0.0.1:7000", true),
        ];
        for (named, host, here) in cases {
            assert_eq!(hosts.is_here(&server(named), &server(host)), here, "{named} at {host}");
        }
    }
}
