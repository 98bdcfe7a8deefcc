//! `crowd://` addresses, of both forms: on the current discovery server, or on one that is named.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::{ErrorCode, ProjectName, RequestPath, WireError};

/// Characters that would end a path, or be read as an escape, in an address; a comma ends one in `data-src`.
const PATH_ESCAPES: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b',')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// A discovery server as an address names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Server {
    /// A host name in lower case, an IPv4 address, or an IPv6 address in its shortest form without its brackets.
    pub host: String,
    /// Where it is missing: https/wss on 443, and where that is refused http/ws on 7000.
    pub port: Option<u16>,
}

impl Server {
    /// Reads `HOST`, `HOST:PORT`, `[V6]` or `[V6]:PORT`. Errors are `bad_path`.
    pub fn parse(authority: &str) -> Result<Self, WireError> {
        let bad = |why: &'static str| WireError::new(ErrorCode::BadPath, why);
        let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or_else(|| bad("an IPv6 address ends with ]"))?;
            let host =
                host.parse::<std::net::Ipv6Addr>().map_err(|_| bad("not an IPv6 address"))?.to_string();
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err(bad("only a port may follow an IPv6 address")),
            }
        } else {
            let (host, port) = match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            };
            let label = |l: &str| {
                !l.is_empty()
                    && l.len() <= 63
                    && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            };
            if host.len() > 253 || !host.split('.').all(label) {
                return Err(bad("not a host name"));
            }
            (host.to_ascii_lowercase(), port)
        };
        let port = match port {
            None => None,
            Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                match digits.parse() {
                    Ok(0) | Err(_) => return Err(bad("a port is a number from 1 to 65535")),
                    Ok(port) => Some(port),
                }
            }
            Some(_) => return Err(bad("a port is a number from 1 to 65535")),
        };
        Ok(Self { host, port })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v6 = self.host.contains(':');
        if v6 {
            write!(f, "[{}]", self.host)?
        } else {
            f.write_str(&self.host)?
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// `crowd://PROJECT/PATH` or `crowd://SERVER/PROJECT/PATH`, checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CrowdAddress {
    /// The discovery server, or none for the current one.
    pub server: Option<Server>,
    /// Whose file it is.
    pub project: ProjectName,
    /// The file or folder.
    pub path: RequestPath,
}

impl CrowdAddress {
    /// Reads an address. Query and fragment are no part of it and are dropped. Errors are `bad_name` and
    /// `bad_path`.
    pub fn parse(text: &str) -> Result<Self, WireError> {
        let bad = |why: &'static str| WireError::new(ErrorCode::BadPath, why);
        let rest = match text.split_at_checked("crowd://".len()) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("crowd://") => rest,
            _ => return Err(bad("a crowd address starts with crowd://")),
        };
        let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
        let (authority, rest) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(bad("a crowd address carries no user or password"));
        }
        let is_server = authority.contains(['.', ':']) || authority.eq_ignore_ascii_case("localhost");
        let (server, project, path) = if is_server {
            let (project, path) = rest.split_once('/').unwrap_or((rest, ""));
            (Some(Server::parse(authority)?), project, path)
        } else {
            (None, authority, rest)
        };
        Ok(Self { server, project: ProjectName::parse(project)?, path: RequestPath::from_encoded(path)? })
    }
}

impl fmt::Display for CrowdAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("crowd://")?;
        if let Some(server) = &self.server {
            write!(f, "{server}/")?;
        }
        write!(f, "{}/{}", self.project, utf8_percent_encode(self.path.as_str(), PATH_ESCAPES))
    }
}
