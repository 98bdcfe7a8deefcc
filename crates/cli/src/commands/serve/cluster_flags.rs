//! The flags of the cluster port's certificate.

use std::path::PathBuf;

use clap::Args;
use crowd_node::ClusterTlsFiles;

use crate::exit::Failure;

/// The certificate by which nodes know each other.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS between nodes")]
pub(crate) struct ClusterFlags {
    /// PEM file of the authorities that nodes' certificates come from; needs the two below
    ///
    /// With it nodes speak TLS with each other, and take nobody for a node who does not show a certificate of one of
    /// these authorities that is for node.crowd.internal. `crowd certs` makes a set for trying. Replaced files are taken
    /// without a restart, and who is no longer trusted by then is cut off.
    #[arg(long, env = "CROWD_CLUSTER_CA", value_name = "F")]
    cluster_ca: Option<PathBuf>,

    /// PEM file of this node's certificate, which is for node.crowd.internal beside its own names
    #[arg(long, env = "CROWD_CLUSTER_CERT", value_name = "F")]
    cluster_cert: Option<PathBuf>,

    /// PEM file of that certificate's private key: PKCS#8, SEC1 or RSA, not encrypted
    #[arg(long, env = "CROWD_CLUSTER_KEY", value_name = "F")]
    cluster_key: Option<PathBuf>,

    /// Let the cluster port be reached from other machines without certificates
    ///
    /// Whoever reaches it is taken for a node then, and can keep the cluster from finding its sites. It is for networks
    /// that let nobody else reach the port.
    #[arg(long, env = "CROWD_INSECURE_CLUSTER")]
    pub(super) insecure_cluster: bool,
}

impl ClusterFlags {
    /// All three, or none.
    pub(super) fn files(self) -> Result<Option<ClusterTlsFiles>, Failure> {
        let flags = ["--cluster-ca", "--cluster-cert", "--cluster-key"];
        match [self.cluster_ca, self.cluster_cert, self.cluster_key] {
            [Some(ca), Some(cert), Some(key)] => Ok(Some(ClusterTlsFiles { ca, cert, key })),
            [None, None, None] => Ok(None),
            some => {
                let lacking = flags.iter().zip(&some).filter(|(_, file)| file.is_none());
                let lacking: Vec<&str> = lacking.map(|(flag, _)| *flag).collect();
                let why =
                    format!("{} go together; there is no {}", flags.join(", "), lacking.join(" and no "));
                Err(Failure::Usage(why))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_files_go_together() {
        let file = |there: bool| there.then(|| PathBuf::from("f"));
        let files = |[ca, cert, key]: [bool; 3]| {
            let (cluster_ca, cluster_cert, cluster_key) = (file(ca), file(cert), file(key));
            ClusterFlags { cluster_ca, cluster_cert, cluster_key, insecure_cluster: false }.files()
        };
        assert_eq!(files([false; 3]).unwrap(), None);
        assert!(files([true; 3]).unwrap().is_some());
        let error = files([false, true, false]).unwrap_err().to_string();
        assert!(error.ends_with("there is no --cluster-ca and no --cluster-key"), "{error}");
    }
}
