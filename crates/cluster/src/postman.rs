//! Carries packets of the membership protocol. Each has its own deadline; what does not fit the queue is dropped and
//! counted, as a network would.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crowd_rpc::v1;
use crowd_rpc::v1::membership_client::MembershipClient;
use crowd_trace::Seldom;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tonic::Code;

use crate::dialer::Dialer;

/// Packets that wait to be sent: those of a few probe periods among a thousand nodes. Later ones are worth more.
pub(crate) const PACKETS: usize = 256;
/// Packets under way at once, so that some dead nodes don't hold up the packets for the living.
const UNDER_WAY: usize = 64;
/// Longer than any probe waits for its answer.
const DEADLINE: Duration = Duration::from_secs(1);

/// One packet for one node.
#[derive(Debug)]
pub(crate) struct Packet {
    pub(crate) address: Arc<str>,
    pub(crate) bytes: Bytes,
}

/// Sends packets for as long as somebody has any.
pub(crate) async fn carry(dialer: Dialer, mut packets: mpsc::Receiver<Packet>) {
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(()) = under_way.next(), if !under_way.is_empty() => {}
            packet = packets.recv(), if under_way.len() < UNDER_WAY => match packet {
                Some(packet) => under_way.push(send(&dialer, packet)),
                None => return,
            }
        }
    }
}

/// Sends one packet; whether it arrived is for the protocol to find out.
pub(crate) async fn send(dialer: &Dialer, packet: Packet) {
    static REFUSED: Seldom = Seldom::new();
    let Ok(wire) = dialer.shared(&packet.address) else { return };
    let request = v1::GossipRequest { packet: packet.bytes };
    let outcome = match timeout(DEADLINE, MembershipClient::new(wire).gossip(request)).await {
        Ok(Ok(_)) => "sent",
        Ok(Err(status)) if status.code() == Code::FailedPrecondition => {
            if let Some(unsaid) = REFUSED.pass() {
                let (address, why) = (&packet.address, status.message());
                tracing::warn!(%address, why, unsaid, "cluster.gossip_refused");
            }
            "refused"
        }
        Ok(Err(_)) => "failed",
        Err(_) => "expired",
    };
    metrics::counter!("crowd_gossip_packets_total", "outcome" => outcome).increment(1);
}
