//! The first words with a cluster, before this node is in it.

use std::sync::Arc;
use std::time::Duration;

use crowd_rpc::v1::membership_client::MembershipClient;
use crowd_rpc::{MAX_CLUSTER_ID, MAX_HELLO_MEMBERS, NodeInfo, PROTOCOL, v1};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::time::{Instant, sleep, timeout_at};
use tonic::Status;

use crate::backoff::Backoff;
use crate::dialer::Dialer;
use crate::passport::Passport;
use crate::seeds::{ADDRESSES, addresses};
use crate::{ClusterError, Lines, Member};

/// A node whose address is not known, or that does not answer a hello, by then is asked again later.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time between two rounds of hellos: at first, and in the end.
const AGAIN: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Who asks whom.
#[derive(Debug, Clone)]
pub struct Joining {
    /// This node.
    pub me: Member,
    /// `HOST:PORT` of nodes to ask; this node's own address among them is skipped.
    pub seeds: Vec<String>,
    /// The id of the registry that this node keeps; none where it will use the cluster's.
    pub cluster_id: Option<String>,
    /// How connections with other nodes are secured.
    pub lines: Lines,
}

/// What a node of the cluster answered.
#[derive(Debug, Clone)]
pub struct Hello {
    /// Who answered.
    pub member: Member,
    /// The id of its registry.
    pub cluster_id: String,
    /// Where that registry is, as the flag `--registry` has it; empty where it did not say.
    pub keeper: String,
    /// Whom else it knows.
    pub members: Vec<Member>,
}

impl Joining {
    /// Asks until one of the seeds answers. Fails where one is of another cluster, and where all are this node.
    pub async fn hello(&self) -> Result<Hello, ClusterError> {
        if self.seeds.iter().all(|seed| **seed == *self.me.address) {
            return Err(ClusterError::NobodyToJoin { address: self.me.address.to_string() });
        }
        let mut backoff = Backoff::new(AGAIN.0, AGAIN.1);
        let mut waiting = false;
        loop {
            if let Some(hello) = self.hello_once().await? {
                return Ok(hello);
            }
            if !waiting {
                tracing::warn!(seeds = ?self.seeds, "cluster.no_seed_answers");
                waiting = true;
            }
            sleep(backoff.wait()).await;
        }
    }

    /// Asks each seed once, for two seconds at most; the first answer, or none where nobody answered. Fails where one
    /// is of another cluster.
    pub async fn hello_once(&self) -> Result<Option<Hello>, ClusterError> {
        let mut answers = self.ask_all()?;
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(hello) => return Ok(Some(hello)),
                Err(Unanswered::Refused(error)) => return Err(error),
                Err(Unanswered::Silent) => {}
            }
        }
        Ok(None)
    }

    /// As [`Joining::hello_once`], of seeds that may be others' by now: those of another cluster are passed over, and
    /// it fails only where there is one of them and no other one answers.
    pub async fn hello_of_any(&self) -> Result<Option<Hello>, ClusterError> {
        let (mut answers, mut refused) = (self.ask_all()?, None);
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(hello) => return Ok(Some(hello)),
                Err(Unanswered::Refused(error)) => refused = Some(error),
                Err(Unanswered::Silent) => {}
            }
        }
        refused.map_or(Ok(None), Err)
    }

    /// The answers of all seeds, as they come, for two seconds. Each is asked as soon as its name is resolved.
    pub(crate) fn ask_all(&self) -> Result<BoxStream<'static, Result<Hello, Unanswered>>, ClusterError> {
        let passport = Passport::new(self.cluster_id.as_deref(), &self.me.name)?;
        let (joining, until) = (Arc::new(self.clone()), Instant::now() + PATIENCE);
        let asks = addresses(&self.seeds, &self.me.address, until).map(move |address| {
            let joining = joining.clone();
            let dialer = Dialer::new(passport.clone(), joining.lines.clone());
            async move { joining.ask(&dialer, &address, until).await }
        });
        // All at once.
        Ok(asks.buffer_unordered(ADDRESSES * self.seeds.len().max(1)).boxed())
    }

    async fn ask(&self, dialer: &Dialer, address: &str, until: Instant) -> Result<Hello, Unanswered> {
        let wire = dialer.own(address).map_err(Unanswered::Refused)?;
        let request = v1::HelloRequest {
            node: Some((&self.me).into()),
            protocol: PROTOCOL,
            cluster: self.cluster_id.clone().unwrap_or_default(),
        };
        let reply = match timeout_at(until, MembershipClient::new(wire).hello(request)).await {
            Ok(Ok(reply)) => reply.into_inner(),
            Ok(Err(status)) => {
                tracing::debug!(address, %status, "cluster.hello_failed");
                return Err(self.unanswered(address));
            }
            Err(_) => return Err(self.unanswered(address)),
        };
        let seed = address.to_owned();
        if reply.protocol != PROTOCOL {
            let (ours, theirs) = (PROTOCOL, reply.protocol);
            return Err(Unanswered::Refused(ClusterError::Protocol { ours, theirs, seed }));
        }
        let hello = read(reply).map_err(|status| {
            tracing::warn!(address, %status, "cluster.bad_hello");
            Unanswered::Silent
        })?;
        if hello.member.name == self.me.name && hello.member.address == self.me.address {
            return Err(Unanswered::Silent);
        }
        match &self.cluster_id {
            Some(ours) if *ours != hello.cluster_id => {
                let (ours, theirs) = (ours.clone(), hello.cluster_id);
                Err(Unanswered::Refused(ClusterError::TwoClusters { ours, theirs, seed }))
            }
            _ => Ok(hello),
        }
    }

    /// A node that is there, but speaks plain where this one speaks TLS, will not answer later either.
    fn unanswered(&self, address: &str) -> Unanswered {
        match self.lines.misfit(address) {
            Some(why) => Unanswered::Refused(ClusterError::Security { node: address.to_owned(), why }),
            None => Unanswered::Silent,
        }
    }
}

/// A seed that is of no use.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// It is not there (yet), or is this node itself.
    Silent,
    /// It is not of this cluster, or not to be spoken with.
    Refused(ClusterError),
}

fn read(reply: v1::HelloReply) -> Result<Hello, Status> {
    let member = |node| NodeInfo::try_from(node).map(Member::from);
    if reply.cluster.is_empty() || reply.cluster.len() > MAX_CLUSTER_ID || reply.keeper.len() > 1_024 {
        return Err(Status::invalid_argument("the cluster id or the keeper is missing or too long"));
    }
    let members = reply.members.into_iter().take(MAX_HELLO_MEMBERS);
    Ok(Hello {
        member: member(reply.node)?,
        cluster_id: reply.cluster,
        keeper: reply.keeper,
        members: members.map(|node| member(Some(node))).collect::<Result<_, _>>()?,
    })
}
