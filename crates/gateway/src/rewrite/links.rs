//! Crowd links as ordinary URLs, for a page of one project at one host.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crowd_protocol::{ProjectName, Server};

use super::boot_tag::BootTag;
use super::crowd_link::CrowdLink;
use crate::content::Form;
use crate::hosts::Hosts;
use crate::url_path::encode_path;

/// Characters of a base that are looked into.
const MOST_SCHEME: usize = 256;

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
        Some(self.origin()? + &url)
    }

    /// The origin of the page, as the browser came by it.
    fn origin(&self) -> Option<String> {
        let host = self.host.as_ref()?;
        let own = (self.form == Form::Own).then(|| self.hosts.project_origin(host, &self.project)).flatten();
        Some(own.unwrap_or_else(|| self.hosts.origin_of(host)))
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

/// The links of a page as it is read: behind a `base` element that leads elsewhere, all of them have their origin.
#[derive(Debug)]
pub(crate) struct PageLinks {
    links: Arc<Links>,
    based: AtomicBool,
}

impl PageLinks {
    pub(crate) fn new(links: Arc<Links>) -> Self {
        Self { links, based: AtomicBool::new(false) }
    }

    /// The page has a `base` element with this `href`.
    pub(crate) fn take_base(&self, href: &str) {
        if leads_elsewhere(href) {
            self.based.store(true, Ordering::Relaxed);
        }
    }

    /// [`Links::url`] that means the same wherever the page's base is.
    pub(crate) fn url(&self, link: &CrowdLink) -> String {
        let url = self.links.url(link);
        match self.origin().filter(|_| url.starts_with('/')) {
            Some(origin) => origin + &url,
            None => url,
        }
    }

    /// [`Links::convert`], likewise.
    pub(crate) fn convert(&self, url: &str) -> Option<String> {
        Some(self.url(&CrowdLink::parse(url)?))
    }

    /// The app's script for this page, likewise.
    pub(crate) fn boot(&self, tag: &BootTag) -> String {
        self.origin().map_or_else(|| tag.as_str().to_owned(), |origin| tag.at(&origin))
    }

    /// Where addresses need it: elsewhere a node that doesn't know its own scheme does no harm.
    fn origin(&self) -> Option<String> {
        self.based.load(Ordering::Relaxed).then(|| self.links.origin()).flatten()
    }
}

impl Deref for PageLinks {
    type Target = Links;

    fn deref(&self) -> &Links {
        &self.links
    }
}

/// True where a URL may have another origin than the page that has it: one with a scheme or a host, as browsers read it.
fn leads_elsewhere(href: &str) -> bool {
    let kept = |c: &char| !matches!(c, '\t' | '\n' | '\r');
    let href: String = href.trim_matches(|c| c <= ' ').chars().filter(kept).take(MOST_SCHEME).collect();
    let slash = |c: char| matches!(c, '/' | '\\');
    let has_host = href.starts_with(slash) && href[1..].starts_with(slash);
    has_host
        || href.split(|c| slash(c) || matches!(c, '?' | '#')).next().is_some_and(|start| start.contains(':'))
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

    #[test]
    fn behind_a_base_that_leads_elsewhere_links_have_their_origin() {
        for own in ["/", "/sub/", "sub/", "./a:b", "?a:b", "#a:b", "", " /\t"] {
            assert!(!leads_elsewhere(own), "{own}");
        }
        for other in
            ["https://e.org/", " //e.org/", "\\\\e.org", "/\t/e.org", "ht\ntps:e.org", "crowd://x/", "data:,"]
        {
            assert!(leads_elsewhere(other), "{other}");
        }
        let page = PageLinks::new(Arc::new(links("site.localhost:7000", Form::Own)));
        page.take_base("/sub/");
        assert_eq!(page.convert("crowd://site/a").as_deref(), Some("/a"));
        page.take_base("https://e.org/");
        assert_eq!(page.convert("crowd://site/a").as_deref(), Some("http://site.localhost:7000/a"));
        assert_eq!(page.convert("crowd://e.org/site/a").as_deref(), Some("https://e.org/site/a"));
        let tag = page.boot(&BootTag::new(&page.project, 7));
        assert!(tag.starts_with("<script src=\"http://site.localhost:7000/.crowd/boot.js\" "), "{tag}");
        let under = PageLinks::new(Arc::new(links("127.0.0.1:7000", Form::UnderNode)));
        under.take_base("https://e.org/");
        assert_eq!(under.convert("crowd://other/a").as_deref(), Some("http://127.0.0.1:7000/other/a"));
    }
}
