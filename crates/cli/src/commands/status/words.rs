//! The cluster in words: for a terminal, and for whoever reads a log of it.

use std::fmt::Write;

use super::cluster_view::{ClusterView, NodeView, Rates};
use super::columns::Columns;
use crate::output;

/// Projects in each list; the JSON has more.
const LISTED: usize = 8;
const NOTHING: &str = "-";

const TITLES: [&str; 13] = [
    "node", "state", "share", "peers", "req/s", "p50", "p99", "out/s", "cache", "room", "cpu", "memory", "up",
];

/// All of it.
pub(super) fn told(cluster: &ClusterView) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let ClusterView { node, cluster: id, registry, names, peers, .. } = cluster;
    let _ = writeln!(text, "cluster  {id}, as {node} sees it");
    let kept = names.map_or_else(|| "the registry does not answer".to_owned(), |n| output::count(n, "name"));
    let _ = writeln!(text, "names    {kept}, kept by {registry}");
    let failing = format!("{} without an answer", rate(cluster.now.failures_per_s));
    let _ =
        writeln!(text, "traffic  {}, {}, {failing}", output::count(*peers, "peer"), traffic(&cluster.now));
    for remark in remarks(cluster) {
        let _ = writeln!(text, "note     {remark}");
    }
    let _ = write!(text, "\n{}\n{}\n{}", nodes(cluster), busiest(cluster), single_hosted(cluster));
    text
}

fn nodes(cluster: &ClusterView) -> String {
    let mut columns = Columns::new(2, TITLES);
    for node in &cluster.nodes {
        columns.add(line(node));
    }
    columns.text()
}

fn line(node: &NodeView) -> [String; 13] {
    let state = match node.gone_s {
        Some(since) => format!("{} {}", node.state, duration(since)),
        None => node.state.replace('_', " "),
    };
    let share = node.share.map_or_else(|| NOTHING.to_owned(), percent);
    let speaks = node.version.is_some() && node.gone_s.is_none();
    let says = |what: String| if speaks { what } else { NOTHING.to_owned() };
    [
        node.name.clone(),
        state,
        share,
        says(node.peers.to_string()),
        says(rate(node.now.answers_per_s)),
        says(took(node.now.p50_ms)),
        says(took(node.now.p99_ms)),
        says(output::size(node.now.bytes_per_s as u64)),
        says(output::size(node.cache_bytes)),
        says(percent(node.room_used)),
        says(percent(node.cpu / f64::from(node.cpus.max(1)))),
        says(output::size(node.memory)),
        says(duration(node.uptime_s)),
    ]
}

fn busiest(cluster: &ClusterView) -> String {
    if cluster.busiest.is_empty() {
        return "busiest projects: nobody asked for anything within the last minute\n".to_owned();
    }
    let mut columns = Columns::new(1, ["busiest projects, last minute", "sessioncasts", "out"]);
    for busy in cluster.busiest.iter().take(LISTED) {
        columns.add([busy.project.clone(), busy.answers.to_string(), output::size(busy.bytes)]);
    }
    columns.text()
}

fn single_hosted(cluster: &ClusterView) -> String {
    let single = &cluster.single_hosted;
    if single.total == 0 {
        return "about to go dark: no project has a single host\n".to_owned();
    }
    let title = format!("about to go dark, {} with a single host", single.total);
    let mut columns = Columns::new(2, [&title, "at"]);
    for project in single.projects.iter().take(LISTED) {
        columns.add([project.project.clone(), project.node.clone()]);
    }
    columns.text()
}

fn remarks(cluster: &ClusterView) -> Vec<String> {
    let silent =
        cluster.nodes.iter().filter_map(|node| Some(format!("{}: {}", node.name, node.why.as_ref()?)));
    let settling = "the ring changed a moment ago: who hosts what is being told to its new owners";
    silent.chain(cluster.settling.then(|| settling.to_owned())).chain(versions(cluster)).collect()
}

/// In an upgrade: which node runs what.
fn versions(cluster: &ClusterView) -> Option<String> {
    let here = cluster.nodes.iter().filter(|node| node.gone_s.is_none());
    let versions: Vec<_> = here.filter_map(|node| Some((&node.name, node.version.as_ref()?))).collect();
    let differ = versions.windows(2).any(|pair| pair[0].1 != pair[1].1);
    let told = versions.iter().map(|(name, version)| format!("{name} {version}"));
    differ.then(|| format!("the nodes run different versions: {}", told.collect::<Vec<_>>().join(", ")))
}

fn traffic(now: &Rates) -> String {
    let Rates { answers_per_s, bytes_per_s, p50_ms, p99_ms, .. } = now;
    let (requests, out) = (rate(*answers_per_s), output::size(*bytes_per_s as u64));
    format!("{requests} requests/s, {out}/s out, p50 {}, p99 {}", took(*p50_ms), took(*p99_ms))
}

fn rate(per_s: f64) -> String {
    if per_s < 9.95 { format!("{per_s:.1}") } else { format!("{per_s:.0}") }
}

fn took(ms: Option<f64>) -> String {
    match ms {
        None => NOTHING.to_owned(),
        Some(ms) if ms >= 999.5 => format!("{:.1} s", ms / 1e3),
        Some(ms) if ms >= 9.95 => format!("{ms:.0} ms"),
        Some(ms) => format!("{ms:.2} ms"),
    }
}

fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[test]
    fn the_whole_cluster_in_words() {
        let text = told(
            &ClusterView::deserialize(json!({
                "node": "n1", "cluster": "c", "registry": "node://n1:7001", "names": 2, "peers": 3, "future": [1],
                "now": { "answers_per_s": 12.4, "bytes_per_s": 1_048_576.0, "p50_ms": 0.81, "p99_ms": 12.3 },
                "nodes": [
                    { "name": "n1", "state": "ready", "share": 0.335, "version": "0.1.0", "uptime_s": 3_700,
                      "peers": 3, "answers_per_s": 12.4, "p50_ms": 0.81, "p99_ms": 1_234.0,
                      "bytes_per_s": 1_048_576.0, "cache_bytes": 17, "room_used": 0.031, "cpu": 0.5, "cpus": 2,
                      "memory": 1_048_576 },
                    { "name": "n2", "state": "silent", "share": 0.665, "why": "it did not answer",
                      "version": "0.2.0", "uptime_s": 60 },
                    { "name": "n4", "state": "silent", "share": 0.0 },
                    { "name": "n3", "state": "gone", "gone_s": 75, "share": null, "version": "0.1.0", "peers": 1 },
                ],
                "busiest": [{ "project": "hello", "answers": 120, "bytes": 2_048 }],
                "single_hosted": { "total": 9, "projects": [{ "project": "hello", "node": "n1" }] },
            }))
            .unwrap(),
        );
        assert_eq!(
            text,
            "cluster  c, as n1 sees it\n\
             names    2 names, kept by node://n1:7001\n\
             traffic  3 peers, 12 requests/s, 1.00 MiB/s out, p50 0.81 ms, p99 12 ms, 0.0 without an answer\n\
             note     n2: it did not answer\n\
             note     the nodes run different versions: n1 0.1.0, n2 0.2.0\n\
             \n\
             node  state        share  peers  req/s      p50    p99     out/s  cache   room     cpu    memory         up\n\
             n1    ready       33.5 %      3     12  0.81 ms  1.2 s  1.00 MiB   17 B  3.1 %  25.0 %  1.00 MiB  1 h 1 min\n\
             n2    silent      66.5 %      0    0.0        -      -       0 B    0 B  0.0 %   0.0 %       0 B      1 min\n\
             n4    silent       0.0 %      -      -        -      -         -      -      -       -         -          -\n\
             n3    gone 1 min       -      -      -        -      -         -      -      -       -         -          -\n\
             \n\
             busiest projects, last minute  sessioncasts       out\n\
             hello                                   120  2.00 KiB\n\
             \n\
             about to go dark, 9 with a single host  at\n\
             hello                                   n1\n"
        );
    }

    #[test]
    fn a_node_that_says_little_is_shown_all_the_same() {
        let text =
            told(&ClusterView::deserialize(json!({ "node": "n1", "nodes": [{ "name": "n1" }] })).unwrap());
        assert!(text.contains("the registry does not answer"), "{text}");
        assert!(text.contains("no project has a single host"), "{text}");
    }
}
