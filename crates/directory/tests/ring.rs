//! What the ring promises: even shares, distinct owners, and that a change moves only what it must.

use std::collections::{BTreeMap, BTreeSet};

use crowd_directory::{NodeName, REPLICAS, Ring};
use crowd_protocol::ProjectName;
use proptest::prelude::*;

#[test]
fn neighbouring_names_spread_over_three_nodes() {
    let ring = ring(["node-a", "node-b", "node-c"]);
    let mut first: BTreeMap<NodeName, usize> = BTreeMap::new();
    for project in projects(10_000) {
        *first.entry(ring.owners(&project)[0].clone()).or_default() += 1;
    }
    assert_eq!(first.len(), 3);
    for (node, count) in first {
        assert!((2_800..=3_900).contains(&count), "{node} owns {count} of 10000");
        assert!((ring.share(&node) - count as f64 / 10_000.0).abs() < 0.02, "{node}: {}", ring.share(&node));
    }
}

#[test]
fn owners_are_distinct_and_as_many_as_there_can_be() {
    let mut ring = Ring::new();
    assert!(ring.owners(&projects(1)[0]).is_empty());
    for i in 1..=8 {
        assert!(ring.insert(NodeName::from(format!("node-{i}"))));
        for project in projects(200) {
            let owners = ring.owners(&project);
            let distinct: BTreeSet<_> = owners.iter().collect();
            assert_eq!((owners.len(), distinct.len()), (REPLICAS.min(i), REPLICAS.min(i)));
        }
    }
}

#[test]
fn shares_add_up_and_a_stranger_has_none() {
    let ring: Ring = (0..20).map(|i| NodeName::from(format!("node-{i}"))).collect();
    let sum: f64 = ring.nodes().iter().map(|node| ring.share(node)).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    assert_eq!(ring.share(&"stranger".into()), 0.0);
    assert_eq!(self::ring(["alone"]).share(&"alone".into()), 1.0);
    assert_eq!(Ring::new().share(&"alone".into()), 0.0);
}

#[test]
fn a_node_is_inserted_and_removed_once() {
    let mut ring = ring(["a", "b"]);
    assert!(!ring.insert("a".into()));
    assert!(ring.remove(&"a".into()));
    assert!(!ring.remove(&"a".into()));
    assert!(!ring.contains(&"a".into()) && ring.contains(&"b".into()));
    assert_eq!((ring.len(), ring.nodes()), (1, vec!["b".into()]));
}

proptest! {
    #[test]
    fn the_order_of_joining_does_not_matter(order in Just((0..9).collect::<Vec<_>>()).prop_shuffle()) {
        let shuffled: Ring = order.iter().map(|i| NodeName::from(format!("node-{i}"))).collect();
        let sorted: Ring = (0..9).map(|i| NodeName::from(format!("node-{i}"))).collect();
        for project in projects(50) {
            prop_assert_eq!(shuffled.owners(&project), sorted.owners(&project));
        }
    }

    /// The transition rests on this: of three owners two stay, whoever joins or leaves.
    #[test]
    fn a_removal_changes_one_owner_and_only_of_what_the_node_owned(nodes in 1..12usize, gone in 0..12usize) {
        let before: Ring = (0..nodes).map(|i| NodeName::from(format!("node-{i}"))).collect();
        let gone = NodeName::from(format!("node-{}", gone % nodes));
        let mut after = before.clone();
        after.remove(&gone);
        for project in projects(100) {
            let (old, new) = (before.owners(&project), after.owners(&project));
            if old.contains(&gone) {
                let lost: Vec<_> = old.iter().filter(|node| !new.contains(node)).collect();
                prop_assert_eq!(lost, vec![&gone]);
            } else {
                prop_assert_eq!(old, new);
            }
        }
        after.insert(gone);
        for project in projects(100) {
            prop_assert_eq!(before.owners(&project), after.owners(&project));
        }
    }
}

fn ring<const N: usize>(nodes: [&str; N]) -> Ring {
    nodes.into_iter().map(NodeName::from).collect()
}

fn projects(n: usize) -> Vec<ProjectName> {
    (0..n).map(|i| ProjectName::parse(&format!("project-{i:05}")).expect("a valid name")).collect()
}

#[test]
fn shares_and_arcs_are_of_the_same_ring() {
    let ring = ring(["a", "b", "c"]);
    let shares = ring.shares();
    let arcs = ring.arcs();
    let (mut from, mut sums) = (0.0, BTreeMap::<NodeName, f64>::new());
    for (end, node) in &arcs {
        assert!(*end > from, "they follow each other");
        *sums.entry(node.clone()).or_default() += end - from;
        from = *end;
    }
    assert!((from - 1.0).abs() < 1e-9 && arcs.len() > 100, "{} arcs up to {from}", arcs.len());
    assert!(arcs.windows(2).all(|pair| pair[0].1 != pair[1].1), "neighbours are not of one node");
    for (node, share) in &shares {
        assert!((share - ring.share(node)).abs() < 1e-9 && (share - sums[node]).abs() < 1e-9, "{node}");
    }
    assert!(Ring::new().arcs().is_empty() && Ring::new().shares().is_empty());
}
