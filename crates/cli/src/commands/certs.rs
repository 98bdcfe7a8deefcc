//! `crowd certs`: an authority for a cluster, and certificates by which its nodes know each other.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use rustls::pki_types::ServerName;

use crate::authority::Authority;
use crate::exit::Failure;
use crate::output;

/// Make an authority and a certificate for each node, so that nodes speak TLS with each other
///
/// The authority is made once; naming another node later has the same one sign for it. This is enough for a cluster
/// that you look after by hand; where something else gives certificates, such as cert-manager, let it, for
/// node.crowd.internal beside each node's own name.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  crowd certs --out certs n1 n2 n3
      ca.crt and ca.key; n1.crt and n1.key; and so on
  crowd certs --out certs 10.0.0.4
      one more node, of the same authority
  crowd certs --out certs --force --days 30 n1
      another certificate for n1; copied over the old one, the node takes it without a restart")]
pub(crate) struct CertsArgs {
    /// The folder of the authority and of what it signs; made where it is missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The nodes: DNS names or IP addresses, which also name the files
    #[arg(value_name = "NODE", required = true)]
    nodes: Vec<String>,

    /// For how many days the nodes' certificates are valid
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    days: u32,

    /// Replace the certificates that these nodes have already; never the authority
    #[arg(long)]
    force: bool,
}

impl CertsArgs {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        self.check()?;
        let (authority, is_new) = Authority::open_or_create(&self.out)?;
        let wide = self.nodes.iter().map(String::len).max().unwrap_or_default().max("authority".len());
        let (cert, key) = (authority.cert(), authority.key());
        output::say(format_args!(
            "{:wide$}  {}, until {}; keep its key {} away from the nodes",
            "authority",
            cert.display(),
            authority.ends(),
            key.display()
        ));
        for node in &self.nodes {
            let ends = authority.issue(node, self.days)?;
            let (cert, key) = (self.file(node, "crt"), self.file(node, "key"));
            output::say(format_args!("{node:wide$}  {}, {}, until {ends}", cert.display(), key.display()));
        }
        output::say("\nGive each node ca.crt and its own two files. Then, for example:");
        for (at, node) in self.nodes.iter().enumerate() {
            let join = match at {
                0 if is_new => String::new(),
                0 => " --join HOST:7001".to_owned(),
                _ => format!(" --join {}", place(&self.nodes[0])),
            };
            output::say(self.serve(node, &join, &cert));
        }
        Ok(())
    }

    /// Everything that can be wrong is, before anything is written.
    fn check(&self) -> anyhow::Result<()> {
        let mut seen = BTreeSet::new();
        for node in &self.nodes {
            if ServerName::try_from(node.as_str()).is_err() || node == "ca" {
                let why =
                    format!("{node:?} is no node: name it by its DNS name or IP address, without a port");
                return Err(Failure::Usage(why).into());
            }
            if !seen.insert(node) {
                return Err(Failure::Usage(format!("{node} is named twice")).into());
            }
            for kind in ["crt", "key"] {
                let file = self.file(node, kind);
                if !self.force && file.try_exists().with_context(|| file.display().to_string())? {
                    let why = format!("{} is there already: --force replaces it", file.display());
                    return Err(Failure::Refused(why).into());
                }
            }
        }
        Ok(())
    }

    fn file(&self, node: &str, kind: &str) -> PathBuf {
        self.out.join(format!("{node}.{kind}"))
    }

    /// How that node is started.
    fn serve(&self, node: &str, join: &str, ca: &Path) -> String {
        let address = match node.parse::<IpAddr>() {
            Ok(ip) => format!("--cluster-host {ip}"),
            Err(_) => format!("--cluster-host 0.0.0.0 --cluster-advertise {node}:7001"),
        };
        let (cert, key) = (self.file(node, "crt"), self.file(node, "key"));
        format!(
            "  crowd serve {address}{join} --cluster-ca {} --cluster-cert {} --cluster-key {}",
            ca.display(),
            cert.display(),
            key.display()
        )
    }
}

/// Where a node listens for others, by default.
fn place(node: &str) -> String {
    match node.parse::<IpAddr>() {
        Ok(IpAddr::V6(ip)) => format!("[{ip}]:7001"),
        _ => format!("{node}:7001"),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crowd_cluster::Lines;
    use crowd_node::ClusterTlsFiles;

    #[tokio::test]
    async fn nodes_take_what_is_made_and_what_is_added_later() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("deep/certs");
        let certs = |nodes: &[&str], force| CertsArgs {
            out: out.clone(),
            nodes: nodes.iter().map(|node| (*node).to_owned()).collect(),
            days: 30,
            force,
        };
        certs(&["n1", "n2.example.org"], false).run().unwrap();
        let authority = fs::read(out.join("ca.crt")).unwrap();
        certs(&["10.0.0.4", "::1"], false).run().unwrap();
        for node in ["n1", "n2.example.org", "10.0.0.4", "::1"] {
            Lines::secure(files(&out, node)).await.unwrap();
            let mode = |kind: &str| fs::metadata(out.join(format!("{node}.{kind}"))).unwrap().permissions();
            assert_eq!(mode("key").mode() & 0o777, 0o600, "{node}");
        }
        assert_eq!(fs::metadata(out.join("ca.key")).unwrap().permissions().mode() & 0o777, 0o600);

        let first = fs::read(out.join("n1.crt")).unwrap();
        let error = certs(&["n3", "n1"], false).run().unwrap_err().to_string();
        assert!(error.ends_with("n1.crt is there already: --force replaces it"), "{error}");
        assert!(!out.join("n3.crt").exists(), "all or nothing");
        certs(&["n1"], true).run().unwrap();
        assert_ne!(fs::read(out.join("n1.crt")).unwrap(), first);
        assert_eq!(fs::read(out.join("ca.crt")).unwrap(), authority, "the authority is never replaced");
        Lines::secure(files(&out, "n1")).await.unwrap();
    }

    #[test]
    fn what_is_no_node_and_half_an_authority_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let run = |nodes: &[&str]| {
            let nodes = nodes.iter().map(|node| (*node).to_owned()).collect();
            CertsArgs { out: dir.path().to_owned(), nodes, days: 1, force: false }.run()
        };
        for nodes in [&["n1:7001"][..], &["ca"], &["../n1"], &["*.example.org"], &["n1", "n1"]] {
            let error = run(nodes).unwrap_err();
            assert!(matches!(error.downcast_ref(), Some(Failure::Usage(_))), "{nodes:?}: {error}");
        }
        assert!(!dir.path().join("ca.key").exists(), "nothing was made");
        run(&["n1"]).unwrap();
        fs::remove_file(dir.path().join("ca.key")).unwrap();
        let error = run(&["n2"]).unwrap_err().to_string();
        assert!(error.contains("ca.crt, but not ca.key"), "{error}");
    }

    fn files(out: &Path, node: &str) -> ClusterTlsFiles {
        let at = |kind: &str| out.join(format!("{node}.{kind}"));
        ClusterTlsFiles { ca: out.join("ca.crt"), cert: at("crt"), key: at("key") }
    }
}
