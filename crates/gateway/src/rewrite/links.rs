//! Crowd links as ordinary URLs, for a page of one project at one host.

use std::sync::Arc;

use crowd_protocol::{ProjectName, Server};

use super::crowd_link::CrowdLink;
use crate::content::Form;
use crate::hosts::Hosts;
use crate::url_path::encode_path;

/// Where the page is that links.
#[derive(Debug, Clone)]
pub(crate) struct Links {
    pub(crate) hosts: Arc<Hosts>,
    /// What the browser came by.
    pub(crate) host: Option<Server>,
    /// Whose page it is.
    pub(crate) project: ProjectName,
    pub(crate) form: Form,
}

impl Links {
    /// The ordinary URL of what `link` means.
    pub(crate) fn url(&self, link: &CrowdLink) -> String {
        let (address, suffix) = (&link.address, &link.suffix);
        let (project, path) = (&address.project, encode_path(address.path.as_str()));
        if let Some(server) = self.server_elsewhere(link) {
            return format!("{}/{project}/{path}{suffix}", Hosts::elsewhere(server));
        }
        if *project == self.project {
            return format!("{}{path}{suffix}", self.form.prefix(project));
        }
        let origin = self.host.as_ref().and_then(|host| self.hosts.project_origin(host, project));
        match origin {
            Some(origin) => format!("{origin}/{path}{suffix}"),
            None => format!("{}{path}{suffix}", Form::UnderNode.prefix(project)),
        }
    }

    /// [`Links::url`] of a URL as the page has it; none where that is no crowd address.
    pub(crate) fn convert(&self, url: &str) -> Option<String> {
        Some(self.url(&CrowdLink::parse(url)?))
    }

    /// [`Links::convert`], with the origin where the address is one of this node.
    pub(crate) fn convert_to_absolute(&self, url: &str) -> Option<String> {
        let url = self.convert(url)?;
        if !url.starts_with('/') {
            return Some(url);
        }
        let host = self.host.as_ref()?;
        let own = (self.form == Form::Own).then(|| self.hosts.project_origin(host, &self.project)).flatten();
        Some(own.unwrap_or_else(|| self.hosts.origin_of(host)) + &url)
    }

    /// The project that `link` means, where it is one of this cluster.
    pub(crate) fn local_project<'l>(&self, link: &'l CrowdLink) -> Option<&'l ProjectName> {
        self.server_elsewhere(link).is_none().then_some(&link.address.project)
    }

    fn server_elsewhere<'l>(&self, link: &'l CrowdLink) -> Option<&'l Server> {
        let server = link.address.server.as_ref()?;
        let here = self.host.as_ref().is_some_and(|host| self.hosts.is_here(server, host));
        (!here).then_some(server)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use http::Uri;

    pub(crate) fn links(host: &str, form: Form) -> Links {
        let hosts = Hosts::new(&Uri::from_static("http://127.0.0.1:7000"), Some("crowd.test"));
        Links {
            hosts: Arc::new(hosts),
            host: Some(Server::parse(host).unwrap()),
            project: ProjectName::parse("site").unwrap(),
            form,
        }
    }

    #[test]
    fn a_crowd_link_becomes_an_ordinary_one() {
        let cases = [
            ("crowd://site/a b.html", "/a%20b.html", "/site/a%20b.html"),
            (" CROWD://site ", "/", "/site/"),
            ("crowd://site/a%3Fb?q=%20&r#f", "/a%3Fb?q=%20&r#f", "/site/a%3Fb?q=%20&r#f"),
            ("crowd://site#top", "/#top", "/site/#top"),
            ("crowd://other/x/", "http://other.localhost:7000/x/", "/other/x/"),
            ("crowd://localhost:7000/site/x", "/x", "http://localhost:7000/site/x"),
            ("crowd://e.org/site/x?a'b", "https://e.org/site/x?a%27b", "https://e.org/site/x?a%27b"),
            ("crowd://e.org:7000/p/", "http://e.org:7000/p/", "http://e.org:7000/p/"),
            ("crowd://e.org:443/p/", "https://e.org/p/", "https://e.org/p/"),
            ("crowd://127.0.0.9/p/", "http://127.0.0.9:7000/p/", "http://127.0.0.9:7000/p/"),
        ];
        let own = links("site.localhost:7000", Form::Own);
        let under = links("127.0.0.1:7000", Form::UnderNode);
        for (link, at_own, under_node) in cases {
            assert_eq!(own.convert(link).as_deref(), Some(at_own), "{link}");
            assert_eq!(under.convert(link).as_deref(), Some(under_node), "{link}");
        }
        let absolute = |links: &Links, url| links.convert_to_absolute(url).unwrap();
        assert_eq!(absolute(&own, "crowd://site/a"), "http://site.localhost:7000/a");
        assert_eq!(absolute(&own, "crowd://other/a"), "http://other.localhost:7000/a");
        assert_eq!(absolute(&under, "crowd://site/a"), "http://127.0.0.1:7000/site/a");
        assert_eq!(absolute(&under, "crowd://e.org/p/a"), "https://e.org/p/a");
        for other in
            ["crowd://site/../x", "crowd://Site/", "http://crowd/", "x", "", "crowd://", "crowdx://site/"]
        {
            assert_eq!(own.convert(other), None, "{other}");
        }
    }
}
