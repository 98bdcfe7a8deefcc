//! How a node is, as it tells the others and they tell their operators; and its form on the wire.

use std::sync::Arc;

use crowd_directory::NodeName;
use crowd_protocol::ProjectName;
use crowd_relay::{BoxFuture, BusyProject, LATENCY_BUCKETS, Latencies, Second};
use crowd_rpc::{MAX_REPORT_PROJECTS, MAX_REPORT_SECONDS, checked_node_name, checked_project, v1};
use tonic::Status;

use crate::Figures;

/// Bytes of a version at most.
const MAX_VERSION: usize = 64;

/// Whoever knows how this node is.
pub trait Reports: Send + Sync + 'static {
    /// How it is now.
    fn report(&self) -> BoxFuture<'_, NodeReport>;
}

/// Where a node is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NodeState {
    /// It serves.
    Ready,
    /// It does not serve yet.
    #[default]
    Joining,
    /// It serves what it knows; the registry does not answer it.
    NoRegistry,
    /// Its peers are being sent elsewhere.
    Leaving,
}

/// One node, by its own account.
#[derive(Debug, Clone, Default)]
pub struct NodeReport {
    /// Where it is in its life.
    pub state: NodeState,
    /// Of the program.
    pub version: Arc<str>,
    /// Seconds since it started.
    pub uptime_s: u64,
    /// In numbers.
    pub figures: Figures,
    /// The ring changed a moment ago.
    pub settling: bool,
    /// The last seconds that are over, the oldest first.
    pub seconds: Vec<Second>,
    /// The busiest projects of the last minute.
    pub busiest: Vec<BusyProject>,
    /// Some projects that one peer hosts and nobody else, and the node that it is connected to.
    pub single_hosted: Vec<(ProjectName, NodeName)>,
    /// How many such projects there are.
    pub single_hosted_total: u64,
}

impl From<NodeReport> for v1::ReportReply {
    fn from(report: NodeReport) -> Self {
        let state = match report.state {
            NodeState::Ready => v1::NodeState::Ready,
            NodeState::Joining => v1::NodeState::Joining,
            NodeState::NoRegistry => v1::NodeState::NoRegistry,
            NodeState::Leaving => v1::NodeState::Leaving,
        };
        let busy = |BusyProject { project, answers, bytes }| v1::BusyProject {
            project: project.as_str().to_owned(),
            answers,
            bytes,
        };
        let single = |(project, node): (ProjectName, NodeName)| v1::SingleHosted {
            project: project.as_str().to_owned(),
            node: node.as_str().to_owned(),
        };
        let figures = report.figures;
        Self {
            state: state.into(),
            version: report.version.to_string(),
            uptime_s: report.uptime_s,
            peers: figures.peers,
            max_peers: figures.max_peers,
            projects: figures.projects,
            directory_rows: figures.directory_rows,
            cache_chunks: figures.cache_chunks,
            cache_bytes: figures.cache_bytes,
            cache_limit: figures.cache_limit,
            room_used: figures.room_used,
            cpu: figures.cpu,
            cpus: figures.cpus,
            memory: figures.memory,
            denied: figures.denied,
            settling: report.settling,
            seconds: report.seconds.iter().take(MAX_REPORT_SECONDS).map(second_message).collect(),
            busiest: report.busiest.into_iter().take(MAX_REPORT_PROJECTS).map(busy).collect(),
            single_hosted: report.single_hosted.into_iter().take(MAX_REPORT_PROJECTS).map(single).collect(),
            single_hosted_total: report.single_hosted_total,
        }
    }
}

impl TryFrom<v1::ReportReply> for NodeReport {
    type Error = Status;

    fn try_from(reply: v1::ReportReply) -> Result<Self, Status> {
        let lists = [reply.busiest.len(), reply.single_hosted.len()];
        if reply.version.len() > MAX_VERSION
            || reply.seconds.len() > MAX_REPORT_SECONDS
            || lists.iter().any(|len| *len > MAX_REPORT_PROJECTS)
        {
            return Err(Status::invalid_argument("the report is longer than one may be"));
        }
        let busy = |busy: v1::BusyProject| {
            let project = checked_project(&busy.project)?;
            Ok::<_, Status>(BusyProject { project, answers: busy.answers, bytes: busy.bytes })
        };
        let single = |single: v1::SingleHosted| {
            Ok::<_, Status>((checked_project(&single.project)?, checked_node_name(&single.node)?.into()))
        };
        Ok(Self {
            state: match reply.state() {
                v1::NodeState::Ready => NodeState::Ready,
                v1::NodeState::NoRegistry => NodeState::NoRegistry,
                v1::NodeState::Leaving => NodeState::Leaving,
                // One that a later version knows is none that serves.
                v1::NodeState::Joining | v1::NodeState::Unspecified => NodeState::Joining,
            },
            version: reply.version.into(),
            uptime_s: reply.uptime_s,
            figures: Figures {
                peers: reply.peers,
                max_peers: reply.max_peers,
                projects: reply.projects,
                directory_rows: reply.directory_rows,
                cache_chunks: reply.cache_chunks,
                cache_bytes: reply.cache_bytes,
                cache_limit: reply.cache_limit,
                room_used: finite(reply.room_used),
                cpu: finite(reply.cpu),
                cpus: reply.cpus,
                memory: reply.memory,
                denied: reply.denied,
            },
            settling: reply.settling,
            seconds: reply.seconds.iter().map(read_second).collect(),
            busiest: reply.busiest.into_iter().map(busy).collect::<Result<_, _>>()?,
            single_hosted: reply.single_hosted.into_iter().map(single).collect::<Result<_, _>>()?,
            single_hosted_total: reply.single_hosted_total,
        })
    }
}

fn second_message(second: &Second) -> v1::Second {
    let (bucket, count) = second.latencies.counts().map(|(bucket, count)| (bucket as u32, count)).unzip();
    v1::Second {
        answers: second.answers,
        failures: second.failures,
        bytes: second.bytes,
        lent: second.lent,
        bucket,
        count,
    }
}

fn read_second(second: &v1::Second) -> Second {
    let mut latencies = Latencies::default();
    for (bucket, count) in second.bucket.iter().zip(&second.count).take(LATENCY_BUCKETS) {
        latencies.add(*bucket as usize, *count);
    }
    let v1::Second { answers, failures, bytes, lent, .. } = *second;
    Second { answers, failures, bytes, lent, latencies }
}

/// JSON has no word for the others.
fn finite(n: f64) -> f64 {
    if n.is_finite() { n.max(0.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_comes_as_it_went_and_a_bad_one_is_refused() {
        let mut second = Second { answers: 3, failures: 1, bytes: 10, lent: 2, ..Second::default() };
        second.latencies.add(40, 2);
        second.latencies.add(50, 1);
        let site: ProjectName = "site".parse().unwrap();
        let report = NodeReport {
            state: NodeState::NoRegistry,
            version: "0.1.0".into(),
            uptime_s: 1,
            figures: Figures {
                peers: 2,
                max_peers: 3,
                projects: 4,
                directory_rows: 5,
                cache_chunks: 6,
                cache_bytes: 7,
                cache_limit: 8,
                room_used: 0.5,
                cpu: f64::NAN,
                cpus: 2,
                memory: 9,
                denied: 10,
            },
            settling: true,
            seconds: vec![Second::default(), second],
            busiest: vec![BusyProject { project: site.clone(), answers: 3, bytes: 10 }],
            single_hosted: vec![(site, "n1".into())],
            single_hosted_total: 11,
        };
        let message = v1::ReportReply::from(report.clone());
        let mut came = NodeReport::try_from(message.clone()).unwrap();
        assert_eq!(came.figures.cpu, 0.0, "what is no number is none");
        came.figures.cpu = f64::NAN;
        assert_eq!(format!("{came:?}"), format!("{report:?}"));
        let bad_project = vec![v1::BusyProject { project: "No".into(), ..Default::default() }];
        for bad in [
            v1::ReportReply { version: "v".repeat(65), ..message.clone() },
            v1::ReportReply { seconds: vec![v1::Second::default(); 61], ..message.clone() },
            v1::ReportReply { busiest: vec![message.busiest[0].clone(); 65], ..message.clone() },
            v1::ReportReply { busiest: bad_project, ..message.clone() },
            v1::ReportReply {
                single_hosted: vec![v1::SingleHosted { project: "site".into(), node: "a b".into() }],
                ..message
            },
        ] {
            assert!(NodeReport::try_from(bad).is_err());
        }
    }
}
