//! What a node says of itself once it serves: a few aligned lines for whoever started it.

use std::fmt;

use crowd_node::{Addresses, Config, Data, Joined};
use crowd_telemetry::Destination;

use super::units::ByteCount;
use crate::output::count;

/// Others that are named; of more it is only said how many.
const NAMED: usize = 4;

/// What it bound, joined and stores.
pub(super) struct Summary<'a> {
    pub(super) config: &'a Config,
    /// Where traces go, and which part of them is recorded.
    pub(super) traces: Option<&'a (Destination, f64)>,
    pub(super) addresses: &'a Addresses,
    pub(super) joined: &'a Joined,
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        writeln!(f, "node       {}, crowd {}", self.joined.name, env!("CROWD_VERSION"))?;
        writeln!(f, "cluster    {}, {}", self.joined.cluster_id, self.others())?;
        writeln!(f, "names      {}", self.names())?;
        writeln!(f, "content    {}", self.content())?;
        writeln!(f, "projects   {}", self.projects())?;
        writeln!(f, "security   {}", self.security())?;
        if let Some((destination, ratio)) = self.traces {
            writeln!(f, "traces     {}% of requests to {destination}", ratio * 100.0)?;
        }
        writeln!(f, "open       {} · for you alone: http://{}", self.joined.public_url, self.addresses.admin)
    }
}

impl Summary<'_> {
    fn others(&self) -> String {
        let others = &self.joined.others;
        let named: Vec<&str> = others.iter().take(NAMED).map(|name| name.as_str()).collect();
        match others.len() {
            0 if self.config.join.is_empty() => "alone; others join it with --join".to_owned(),
            0 => "alone so far".to_owned(),
            more if more > NAMED => format!("with {} and {} more", named.join(", "), more - NAMED),
            _ => format!("with {}", named.join(", ")),
        }
    }

    fn names(&self) -> String {
        match (&self.config.data, self.joined.keeps) {
            (Data::Folder(folder), true) => format!("kept here for all, in {}", folder.display()),
            (Data::Memory, true) => "kept here for all, in memory".to_owned(),
            (_, false) => format!("kept by {}", self.joined.keeper),
        }
    }

    fn content(&self) -> String {
        let (cache, room) = (self.config.relay.cache_bytes, self.config.relay.room_bytes);
        let peers = count(self.config.max_peers as u64, "peer");
        let cache = match cache {
            0 => "none kept in memory".to_owned(),
            bytes => format!("{} of it kept in memory", ByteCount(bytes)),
        };
        format!("its peers'; {cache}, {} on the way, up to {peers}", ByteCount(room))
    }

    fn security(&self) -> String {
        let public = match &self.config.tls {
            Some(files) => format!("TLS by {}", files.cert.display()),
            None => "plain http".to_owned(),
        };
        let nodes = match &self.config.cluster_tls {
            Some(files) => format!("TLS by {}, for nodes only", files.cert.display()),
            None if self.config.cluster_host.is_loopback() => "plain, for this machine only".to_owned(),
            None => "plain, and whoever reaches it is taken for a node".to_owned(),
        };
        format!("public port: {public}; between nodes: {nodes}")
    }

    fn projects(&self) -> String {
        let scheme = self.joined.public_url.split_once("://").map_or("http", |(scheme, _)| scheme);
        let place = match &self.config.domain {
            Some(domain) => format!("{scheme}://PROJECT.{domain}"),
            None => format!("{}/PROJECT/", self.joined.public_url.trim_end_matches('/')),
        };
        let denied = match self.config.deny.len() {
            0 => String::new(),
            n => format!(", {n} denied"),
        };
        format!("{place}, browsers' hosting: {}{denied}", self.config.hosting)
    }
}
