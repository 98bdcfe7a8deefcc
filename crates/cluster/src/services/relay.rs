//! Links from other nodes.

use std::sync::Arc;

use crowd_directory::NodeName;
use crowd_rpc::v1;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Request, Response, Status, Streaming};

use crate::forwarding::{Forwarding, REPLIES};
use crate::passport::Caller;

pub(crate) struct RelayService {
    /// This node.
    pub(crate) me: NodeName,
    pub(crate) relay: Arc<crowd_relay::Relay>,
    /// The links that other nodes hold.
    pub(crate) links: TaskTracker,
    pub(crate) cancel: CancellationToken,
}

#[tonic::async_trait]
impl v1::relay_server::Relay for RelayService {
    type LinkStream = ReceiverStream<Result<v1::LinkReply, Status>>;

    async fn link(
        &self,
        request: Request<Streaming<v1::LinkRequest>>,
    ) -> Result<Response<Self::LinkStream>, Status> {
        let from = Caller::of(&request)?;
        let (replies, outbound) = mpsc::channel(REPLIES);
        tracing::debug!(%from, "link.accepted");
        let (me, relay) = (self.me.clone(), self.relay.clone());
        let forwarding = Forwarding { from, me, relay, requests: request.into_inner(), replies };
        self.links.spawn(self.cancel.clone().run_until_cancelled_owned(forwarding.run()));
        Ok(Response::new(ReceiverStream::new(outbound)))
    }
}
