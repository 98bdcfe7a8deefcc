//! Asks every other node how it is, for whoever looks at the whole cluster.

use std::time::Duration;

use crowd_directory::NodeName;
use crowd_protocol::ProjectName;
use crowd_rpc::v1::status_client::StatusClient;
use crowd_rpc::{MAX_MESSAGE, MAX_REPORT_PROJECTS, v1};
use futures_util::StreamExt;
use futures_util::stream::iter;
use tokio::time::{Instant, timeout_at};

use crate::cluster::Inner;
use crate::{Cluster, Member, NodeReport};

/// Nodes that are asked at once.
const AT_ONCE: usize = 64;
/// All of them have this long together.
const ANSWERED_BY: Duration = Duration::from_secs(1);
/// Projects that are looked at before others may have the directory: half a millisecond.
const LOOK: usize = 2_000;

impl Cluster {
    /// How the other nodes that are up are, or why that can't be said. Takes a second at most.
    pub async fn survey(&self) -> Vec<(NodeName, Result<NodeReport, String>)> {
        let Inner { config, members, .. } = &*self.0;
        let members = members.borrow().clone();
        let others: Vec<Member> =
            members.iter().filter(|member| member.name != config.name).cloned().collect();
        let by = Instant::now() + ANSWERED_BY;
        let asked = others.into_iter().map(|member| async move {
            let report = timeout_at(by, self.ask(&member)).await;
            let report = report.unwrap_or_else(|_| Err("it did not answer within a second".to_owned()));
            (member.name, report)
        });
        iter(asked).buffer_unordered(AT_ONCE).collect().await
    }

    async fn ask(&self, member: &Member) -> Result<NodeReport, String> {
        let wire = self.0.dialer.shared(&member.address).map_err(|error| error.to_string())?;
        let mut client = StatusClient::new(wire).max_decoding_message_size(MAX_MESSAGE);
        let reply = client.report(v1::ReportRequest {}).await;
        let report = reply.and_then(|reply| NodeReport::try_from(reply.into_inner()));
        report.map_err(|status| match status.code() {
            tonic::Code::Unavailable => "it can’t be reached".to_owned(),
            tonic::Code::Unimplemented => "it runs a version that does not report".to_owned(),
            _ => status.message().to_owned(),
        })
    }

    /// Projects that one peer hosts and nobody else, as far as this node is their first owner: some of them, each
    /// with the node that the peer is connected to, and how many there are. Goes through everything that is known
    /// here, in small steps; ask seldom.
    pub async fn single_hosted(&self) -> (Vec<(ProjectName, NodeName)>, u64) {
        let Inner { config, directory, .. } = &*self.0;
        let (mut some, mut total, mut after) = (Vec::new(), 0, None);
        loop {
            let look = directory.with(|directory, now| directory.single_hosted(after.as_ref(), LOOK, now));
            total += look.found.len() as u64;
            let room = MAX_REPORT_PROJECTS - some.len();
            let at = |node: Option<NodeName>| node.unwrap_or_else(|| config.name.clone());
            some.extend(look.found.into_iter().take(room).map(|(project, node)| (project, at(node))));
            after = look.next;
            if after.is_none() {
                return (some, total);
            }
            tokio::task::yield_now().await;
        }
    }
}
