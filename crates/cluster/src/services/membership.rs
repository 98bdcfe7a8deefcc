//! Hello and gossip.

use std::sync::Arc;

use crowd_rpc::v1::membership_server::Membership;
use crowd_rpc::{MAX_CLUSTER_ID, MAX_GOSSIP, MAX_HELLO_MEMBERS, NodeInfo, PROTOCOL, v1};
use tokio::sync::{mpsc, watch};
use tonic::{Request, Response, Status};

use crate::counts::COUNTS;
use crate::gossip::Input;
use crate::passport::Gate;
use crate::{ClusterConfig, Member};

pub(crate) struct MembershipService {
    pub(crate) config: Arc<ClusterConfig>,
    pub(crate) members: watch::Receiver<Arc<Vec<Member>>>,
    pub(crate) gossip: mpsc::Sender<Input>,
    pub(crate) gate: Gate,
}

#[tonic::async_trait]
impl Membership for MembershipService {
    async fn hello(&self, request: Request<v1::HelloRequest>) -> Result<Response<v1::HelloReply>, Status> {
        let v1::HelloRequest { node, protocol, cluster } = request.into_inner();
        let caller = NodeInfo::try_from(node)?;
        if cluster.len() > MAX_CLUSTER_ID {
            return Err(Status::invalid_argument("the id of a cluster has at most 128 bytes"));
        }
        let foreign = !cluster.is_empty() && cluster != self.config.cluster_id;
        if foreign || protocol != PROTOCOL {
            // It finds out from the answer, and refuses to join.
            tracing::warn!(
                node = caller.name,
                address = caller.address,
                cluster,
                protocol,
                "cluster.foreign_hello"
            );
        }
        let members = self.members.borrow().clone();
        let me = members.iter().find(|member| member.name == self.config.name);
        let others = members.iter().filter(|member| member.name != self.config.name);
        Ok(Response::new(v1::HelloReply {
            node: me.map(Into::into),
            protocol: PROTOCOL,
            cluster: self.config.cluster_id.clone(),
            keeper: self.config.keeper.clone(),
            members: others.take(MAX_HELLO_MEMBERS).map(Into::into).collect(),
        }))
    }

    async fn gossip(&self, request: Request<v1::GossipRequest>) -> Result<Response<v1::GossipReply>, Status> {
        self.gate.admit(request.metadata())?;
        let packet = request.into_inner().packet;
        if packet.len() > MAX_GOSSIP {
            return Err(Status::invalid_argument("a packet has at most 32 KiB"));
        }
        COUNTS.gossip_received.increment(1);
        if self.gossip.try_send(Input::Packet(packet)).is_err() {
            metrics::counter!("crowd_queue_full_total", "queue" => "gossip_in").increment(1);
        }
        Ok(Response::new(v1::GossipReply {}))
    }
}
