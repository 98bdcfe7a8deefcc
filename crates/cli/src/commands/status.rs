//! `crowd status`: how a node and its cluster are, from the node's admin port.

use std::fmt::Write;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use crate::exit::Failure;
use crate::{admin_client, output};

const WATCH_EVERY: Duration = Duration::from_secs(2);
/// Moves to the top left and clears what is below.
const CLEAR: &str = "\x1b[H\x1b[J";

/// Show nodes, their share of the ring, peers, projects and traffic
///
/// Asks a node's admin port, which is open to its own computer only unless its operator said otherwise.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  crowd status
  crowd status --watch
  crowd status --check
      exit code 0 if the node is ready, else 1: for the health check of a container
  crowd status --json | jq .peers")]
pub(crate) struct StatusArgs {
    /// The node's admin port
    #[arg(long, env = "CROWD_ADMIN", value_name = "URL", default_value = "http://127.0.0.1:7002")]
    admin: String,

    /// Show it anew every two seconds
    #[arg(long)]
    watch: bool,

    /// Only say whether the node is ready, by the exit code
    #[arg(long, conflicts_with = "watch")]
    check: bool,

    /// Print the node's own JSON
    #[arg(long)]
    json: bool,
}

/// `/api/cluster`. A node of another version may leave out what it doesn't know.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cluster {
    node: String,
    cluster: String,
    version: String,
    uptime_s: u64,
    ready: bool,
    nodes: Vec<Member>,
    peers: Option<u64>,
    projects: Option<u64>,
    names: Option<u64>,
    traffic: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Member {
    name: String,
    url: String,
    state: String,
    share: Option<f64>,
}

impl StatusArgs {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        if !self.watch {
            return self.show(&self.fetch().await?);
        }
        loop {
            let text = match self.fetch().await {
                Ok(json) if self.json => json.to_string(),
                Ok(json) => CLEAR.to_owned() + &table(&read(&json)?),
                // The node may be starting again: that is what one watches for.
                Err(error) => format!("{error:#}"),
            };
            output::say(text.trim_end());
            tokio::time::sleep(WATCH_EVERY).await;
        }
    }

    async fn fetch(&self) -> anyhow::Result<Value> {
        admin_client::get(&self.admin, "/api/cluster").await
    }

    fn show(&self, json: &Value) -> anyhow::Result<()> {
        let cluster = read(json)?;
        if self.json {
            output::say_json(json);
        } else if self.check {
            output::say(if cluster.ready { "ready" } else { "not ready" });
        } else {
            output::say(table(&cluster).trim_end());
        }
        if self.check && !cluster.ready {
            return Err(Failure::No(format!("{} is not ready", cluster.node)).into());
        }
        Ok(())
    }
}

fn read(json: &Value) -> anyhow::Result<Cluster> {
    Ok(Cluster::deserialize(json)?)
}

fn table(cluster: &Cluster) -> String {
    let mut text = String::new();
    let ready = if cluster.ready { "ready" } else { "not ready" };
    let Cluster { node, cluster: id, version, .. } = cluster;
    let up = duration(cluster.uptime_s);
    // Writing to a String does not fail.
    let _ = writeln!(text, "node     {node}, {ready}, version {version}, up {up}\ncluster  {id}");
    for (what, n) in [("peers", cluster.peers), ("projects", cluster.projects), ("names", cluster.names)] {
        if let Some(n) = n {
            let _ = writeln!(text, "{what:<8} {n}");
        }
    }
    if let Some(traffic) = cluster.traffic.as_object().filter(|traffic| !traffic.is_empty()) {
        let told: Vec<String> = traffic.iter().map(|(what, n)| told(what, n)).collect();
        let _ = writeln!(text, "traffic  {}", told.join(", "));
    }
    let width = |of: fn(&Member) -> &String| {
        cluster.nodes.iter().map(|member| of(member).chars().count()).max().unwrap_or(0).max(4)
    };
    let (name, url) = (width(|member| &member.name), width(|member| &member.url));
    let _ = writeln!(text, "\n{:name$}  {:url$}  state     share", "node", "url");
    for member in &cluster.nodes {
        let share = member.share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0));
        let _ = writeln!(text, "{:name$}  {:url$}  {:<8}  {share}", member.name, member.url, member.state);
    }
    text
}

/// `bytes_out: 1048576` → `1.00 MiB out`.
fn told(what: &str, n: &Value) -> String {
    match n.as_u64() {
        Some(bytes) if what.contains("bytes") => {
            let rest = what.replace("bytes", "").replace('_', " ");
            format!("{} {}", output::size(bytes), rest.trim()).trim_end().to_owned()
        }
        _ => format!("{n} {}", what.replace('_', " ")),
    }
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_missing_is_left_out() {
        let text = table(&read(&json!({ "node": "n1", "future": [1] })).unwrap());
        assert!(text.starts_with("node     n1, not ready"), "{text}");
        let text = table(
            &read(&json!({
                "node": "n1", "cluster": "c", "version": "0.1.0", "uptime_s": 3_700, "ready": true, "peers": 3,
                "nodes": [{ "name": "n1", "url": "http://127.0.0.1:7000", "state": "up", "share": 0.335 }],
                "traffic": { "requests": 5, "bytes_out": 1_048_576 },
            }))
            .unwrap(),
        );
        assert_eq!(
            text,
            "node     n1, ready, version 0.1.0, up 1 h 1 min\ncluster  c\npeers    3\n\
             traffic  1.00 MiB out, 5 requests\n\n\
             node  url                    state     share\n\
             n1    http://127.0.0.1:7000  up        33.5 %\n"
        );
    }
}
