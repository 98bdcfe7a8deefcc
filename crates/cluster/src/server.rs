//! The cluster port: one HTTP/2 server with all five services, behind what tells nodes from strangers.

use std::time::Duration;

use crowd_rpc::MAX_MESSAGE;
use crowd_rpc::v1::directory_server::DirectoryServer;
use crowd_rpc::v1::membership_server::MembershipServer;
use crowd_rpc::v1::registry_server::RegistryServer;
use crowd_rpc::v1::relay_server::RelayServer;
use crowd_rpc::v1::status_server::StatusServer;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Server;

use crate::ClusterError;
use crate::dialer::{CONNECTION_WINDOW, STREAM_WINDOW};
use crate::passport::Gate;
use crate::services::{DirectoryService, MembershipService, RegistryService, RelayService, StatusService};
use crate::tls::{Lines, accept};

/// Connections that are taken and not yet served.
const TAKEN: usize = 16;
/// Streams and calls of one other node at once.
const STREAMS: u32 = 1_024;
/// The answering side sends the large answers, and its pings queue behind them: it has more patience than the asking
/// side, which is the one that has to know soon.
const PING_EVERY: Duration = Duration::from_secs(2);
const PING_PATIENCE: Duration = Duration::from_secs(5);
/// Calls that are under way when this node stops have this long to end.
const LAST_CALLS: Duration = Duration::from_millis(500);

/// What is served.
pub(crate) struct Services {
    pub(crate) gate: Gate,
    pub(crate) membership: MembershipService,
    pub(crate) directory: DirectoryService,
    pub(crate) relay: RelayService,
    pub(crate) registry: RegistryService,
    pub(crate) status: StatusService,
}

/// Serves until it is cancelled.
pub(crate) async fn serve(
    listener: TcpListener,
    lines: Lines,
    services: Services,
    cancel: CancellationToken,
) -> Result<(), ClusterError> {
    let Services { gate, membership, directory, relay, registry, status } = services;
    let directory = DirectoryServer::new(directory).max_decoding_message_size(MAX_MESSAGE);
    let relay = RelayServer::new(relay).max_decoding_message_size(MAX_MESSAGE);
    let registry = RegistryServer::new(registry).max_decoding_message_size(MAX_MESSAGE);
    let router = Server::builder()
        .http2_keepalive_interval(Some(PING_EVERY))
        .http2_keepalive_timeout(Some(PING_PATIENCE))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(STREAMS)
        // Hello is for those who are no members yet; gossip asks the gate itself.
        .add_service(MembershipServer::new(membership).max_decoding_message_size(MAX_MESSAGE))
        .add_service(InterceptedService::new(directory, gate.clone()))
        .add_service(InterceptedService::new(relay, gate.clone()))
        .add_service(InterceptedService::new(registry, gate.clone()))
        .add_service(InterceptedService::new(StatusServer::new(status), gate));
    let (taken, incoming) = mpsc::channel(TAKEN);
    let incoming = ReceiverStream::new(incoming).map(Ok::<_, std::io::Error>);
    let serving = router.serve_with_incoming_shutdown(incoming, cancel.clone().cancelled_owned());
    tokio::pin!(serving);
    let accepting = accept(listener, lines, taken);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        never = accepting => match never {},
        // Other nodes keep their connections, so they would keep this one from ending.
        () = cancel.cancelled() => timeout(LAST_CALLS, serving).await.unwrap_or(Ok(())),
    };
    ended.map_err(|error| ClusterError::Serve(error.to_string()))
}
