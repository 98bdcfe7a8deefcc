//! `crowd registry`: the names of a cluster as a whole.

mod copying;
mod place;

use clap::{Args, Subcommand};

use crate::etcd_flags::EtcdFlags;
use copying::Copying;
use place::Place;

/// Move, back up and restore the names of a cluster
///
/// The registry says of each name who owns it and which release is its newest. One node keeps it in its --data folder,
/// or etcd keeps it for all.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  crowd registry copy --from local:/var/lib/crowd --to etcd://a:2379,b:2379,c:2379
      from one node to etcd: stop all nodes, copy, start them with --registry etcd://…
  crowd registry copy --from etcd://a:2379,b:2379,c:2379 --to local:backup-2031-05-01
      a backup while everything runs; copied the other way it is restored
  crowd registry copy --from local:backup-2031-05-01 --to etcd://a:2379 --dry-run
      what a restore would change")]
pub(crate) struct RegistryArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Copy(Box<CopyArgs>),
}

/// Copy every name, with its newest release and what came before
///
/// Signatures are checked. What the target has of other owners, or newer, stays as it is and is listed, so it can be done
/// again and again. A new target gets the id of the source: nodes take it for the same cluster. So of the two only one may
/// be in use afterwards.
#[derive(Debug, Args)]
struct CopyArgs {
    /// local:DIR of a node that is stopped, or etcd://HOST:PORT,HOST:PORT
    #[arg(long, value_name = "WHERE")]
    from: Place,

    /// The same; made where it is not there yet
    #[arg(long, value_name = "WHERE")]
    to: Place,

    /// Say what would be copied, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Print what became of each name as JSON, and the sums at the end
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    etcd: EtcdFlags,
}

impl RegistryArgs {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let What::Copy(args) = self.what;
        let CopyArgs { from, to, dry_run, json, etcd } = *args;
        Copying { from, to, dry_run, json, access: etcd.access()? }.run().await
    }
}
