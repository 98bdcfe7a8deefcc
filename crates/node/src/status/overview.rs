//! `GET /api/overview`: the whole cluster, as one node puts it together from what all of them say.

use std::collections::HashMap;

use crowd_cluster::{Figures, NodeReport, NodeState};
use crowd_directory::{NodeName, Ring};
use crowd_protocol::ProjectName;
use serde::Serialize;
use tokio::time::Instant;

use super::acquaintances::{Acquaintance, Acquaintances};
use super::ring_map;
use super::window::{Minute, Rates, Window};

/// Projects in each list.
const LISTED: usize = 64;

#[derive(Debug, Serialize)]
pub(crate) struct Overview {
    /// Who says all this.
    node: String,
    cluster: String,
    /// Where names are kept.
    registry: String,
    /// How many names there are; none where the registry does not answer.
    names: Option<u64>,
    /// The ring of `/api/ring`.
    ring: String,
    /// The ring changed a moment ago: hosts are being told anew.
    settling: bool,
    /// This node, the others, and those that are gone, by name.
    nodes: Vec<NodeLine>,
    peers: u64,
    now: Rates,
    minute: Minute,
    busiest: Vec<Busy>,
    single_hosted: SingleHosted,
}

#[derive(Debug, Serialize)]
struct NodeLine {
    name: String,
    url: String,
    /// `ready`, `joining`, `no_registry` and `leaving` by its own account; `silent` where it does not answer; `gone`, or
    /// `left` where that was the last that it said.
    state: &'static str,
    /// Why it is silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Since when it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    gone_s: Option<u64>,
    /// The part of all projects, 0 to 1, that it is the first owner of; none where it is gone.
    share: Option<f64>,
    /// What it says; what it said last where it is silent or gone.
    #[serde(flatten)]
    says: Option<Says>,
}

#[derive(Debug, Serialize)]
struct Says {
    /// How old this is.
    said_s: u64,
    version: String,
    uptime_s: u64,
    #[serde(flatten)]
    figures: Figures,
    #[serde(flatten)]
    now: Rates,
}

#[derive(Debug, Serialize)]
struct Busy {
    project: ProjectName,
    answers: u64,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct SingleHosted {
    total: u64,
    projects: Vec<Single>,
}

#[derive(Debug, Serialize)]
struct Single {
    project: ProjectName,
    node: String,
}

/// What an overview is made of.
pub(crate) struct Ingredients<'i> {
    pub(crate) me: &'i NodeName,
    pub(crate) my_url: &'i str,
    pub(crate) cluster: &'i str,
    pub(crate) registry: &'i str,
    pub(crate) names: Option<u64>,
    pub(crate) ring: &'i Ring,
    pub(crate) mine: NodeReport,
    pub(crate) others: &'i Acquaintances,
}

impl Overview {
    pub(crate) fn of(from: Ingredients<'_>) -> Self {
        let now = Instant::now();
        let shares = from.ring.shares();
        let mut me = NodeLine::me(&from);
        me.share = shares.get(from.me).copied();
        let mut nodes = vec![me];
        nodes.extend(from.others.all().map(|(name, known)| {
            let share = shares.get(name).copied().filter(|_| known.gone.is_none());
            NodeLine { share, ..NodeLine::other(name, known, now) }
        }));
        nodes.sort_by(|a, b| a.name.cmp(&b.name));
        // What a silent one said before is about another time.
        let heard = from.others.all().filter(|(_, known)| known.answers());
        let reports: Vec<&NodeReport> =
            heard.filter_map(|(_, known)| Some(&*known.report.as_ref()?.1)).chain([&from.mine]).collect();
        let mut window = Window::default();
        reports.iter().for_each(|report| window.add(&report.seconds));
        Self {
            node: from.me.to_string(),
            cluster: from.cluster.to_owned(),
            registry: from.registry.to_owned(),
            names: from.names,
            ring: ring_map::id(from.ring),
            settling: reports.iter().any(|report| report.settling),
            peers: total(&reports, |report| report.figures.peers),
            now: window.rates(),
            minute: window.minute(),
            busiest: busiest(&reports),
            single_hosted: single_hosted(&reports),
            nodes,
        }
    }
}

impl NodeLine {
    fn me(from: &Ingredients<'_>) -> Self {
        Self {
            name: from.me.to_string(),
            url: from.my_url.to_owned(),
            state: state(from.mine.state),
            why: None,
            gone_s: None,
            share: None,
            says: Some(Says::of(&from.mine, 0)),
        }
    }

    fn other(name: &NodeName, known: &Acquaintance, now: Instant) -> Self {
        let says = known.report.as_ref();
        Self {
            name: name.to_string(),
            url: known.public_url.to_string(),
            state: state_of(known),
            why: known.silent.clone().filter(|_| known.gone.is_none()),
            gone_s: known.gone.map(|since| now.duration_since(since).as_secs()),
            share: None,
            says: says.map(|(at, report)| Says::of(report, now.duration_since(*at).as_secs())),
        }
    }
}

impl Says {
    fn of(report: &NodeReport, said_s: u64) -> Self {
        let mut window = Window::default();
        window.add(&report.seconds);
        Self {
            said_s,
            version: report.version.to_string(),
            uptime_s: report.uptime_s,
            figures: report.figures,
            now: window.rates(),
        }
    }
}

fn state_of(known: &Acquaintance) -> &'static str {
    let last = known.report.as_ref().map(|(_, report)| report.state);
    match last {
        Some(NodeState::Leaving) if known.gone.is_some() => "left",
        _ if known.gone.is_some() => "gone",
        Some(last) if known.answers() => state(last),
        _ => "silent",
    }
}

fn state(state: NodeState) -> &'static str {
    match state {
        NodeState::Ready => "ready",
        NodeState::Joining => "joining",
        NodeState::NoRegistry => "no_registry",
        NodeState::Leaving => "leaving",
    }
}

/// Visitors of one project come to several nodes.
fn busiest(reports: &[&NodeReport]) -> Vec<Busy> {
    let mut sums: HashMap<&ProjectName, (u64, u64)> = HashMap::new();
    for busy in reports.iter().flat_map(|report| &report.busiest) {
        let (answers, bytes) = sums.entry(&busy.project).or_default();
        *answers = answers.saturating_add(busy.answers);
        *bytes = bytes.saturating_add(busy.bytes);
    }
    let mut busiest: Vec<_> = sums
        .into_iter()
        .map(|(project, (answers, bytes))| Busy { project: project.clone(), answers, bytes })
        .collect();
    busiest.sort_by(|a, b| (b.answers, &a.project).cmp(&(a.answers, &b.project)));
    busiest.truncate(LISTED);
    busiest
}

fn single_hosted(reports: &[&NodeReport]) -> SingleHosted {
    let all = reports.iter().flat_map(|report| &report.single_hosted);
    let mut projects: Vec<_> =
        all.map(|(project, node)| Single { project: project.clone(), node: node.to_string() }).collect();
    projects.sort_by(|a, b| a.project.cmp(&b.project));
    // While nodes see different rings two of them may take themselves for the first owner.
    projects.dedup_by(|a, b| a.project == b.project);
    projects.truncate(LISTED);
    let total = total(reports, |report| report.single_hosted_total);
    SingleHosted { total: total.max(projects.len() as u64), projects }
}

/// What all of them have, each of which may say anything.
fn total(reports: &[&NodeReport], of: fn(&NodeReport) -> u64) -> u64 {
    reports.iter().map(|report| of(report)).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn nodes_that_say_too_much_are_added_up_too() {
        let figures = Figures { peers: u64::MAX, ..Figures::default() };
        let most = NodeReport { figures, single_hosted_total: u64::MAX, ..NodeReport::default() };
        assert_eq!(total(&[&most, &most], |report| report.figures.peers), u64::MAX);
        assert_eq!(single_hosted(&[&most, &most]).total, u64::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn who_said_that_it_leaves_has_left_and_who_did_not_is_gone() {
        let now = Instant::now();
        let known = |last: Option<NodeState>, gone: bool, silent: bool| Acquaintance {
            public_url: "u".into(),
            report: last.map(|state| (now, Arc::new(NodeReport { state, ..NodeReport::default() }))),
            silent: silent.then(|| "no answer".to_owned()),
            gone: gone.then_some(now),
        };
        use NodeState::{Leaving, Ready};
        for (last, gone, silent, state) in [
            (Some(Ready), false, false, "ready"),
            (Some(Leaving), false, false, "leaving"),
            (Some(Ready), false, true, "silent"),
            (None, false, false, "silent"),
            (Some(Ready), true, false, "gone"),
            (Some(Leaving), true, true, "left"),
            (None, true, true, "gone"),
        ] {
            assert_eq!(state_of(&known(last, gone, silent)), state, "{last:?} {gone} {silent}");
        }
    }
}
