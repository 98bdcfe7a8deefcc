//! What the table promises: rows live as long as their node's lease, and the digest is that of the rows held.

use std::collections::BTreeMap;
use std::time::Duration;

use crowd_directory::{Hosting, LEASE, MAX_SAMPLE, NodeName, Table};
use crowd_protocol::ProjectName;
use proptest::prelude::*;

const T0: Duration = Duration::from_secs(100);
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn rows_come_best_first() {
    let mut table = Table::new();
    for (node, all, part) in [("d", 0, 1), ("b", 2, 0), ("e", 0, 9), ("a", 1, 7), ("c", 5, 0)] {
        assert!(table.put(&node.into(), &project(1), hosting(1, all, part), T0));
    }
    assert_eq!(found(&table, 1, T0), names(["c", "b", "a", "e", "d"]));
    assert_eq!((table.len(), table.nodes().len()), (5, 5));
}

#[test]
fn a_hosting_that_is_none_withdraws() {
    let mut table = Table::new();
    table.put(&"a".into(), &project(1), hosting(1, 1, 0), T0);
    table.put(&"a".into(), &project(1), Hosting::none(), T0);
    assert!(table.find(&project(1), T0).is_empty());
    assert!(table.is_empty());
}

#[test]
fn rows_go_with_the_lease_and_stay_when_it_is_renewed() {
    let mut table = Table::new();
    table.put(&"a".into(), &project(1), hosting(1, 1, 0), T0);
    table.put(&"b".into(), &project(1), hosting(1, 1, 0), T0);
    let digest = digest_of(&[(project(1), hosting(1, 1, 0))]);
    assert!(table.renew(&"b".into(), digest, T0 + LEASE / 2));
    assert_eq!(found(&table, 1, T0 + LEASE - SECOND), names(["a", "b"]));
    assert_eq!(found(&table, 1, T0 + LEASE), names(["b"]));
    table.expire(T0 + LEASE);
    assert_eq!((table.len(), table.nodes()), (1, vec!["b".into()]));
    table.expire(T0 + LEASE * 2);
    assert!(table.is_empty());
}

#[test]
fn a_wrong_digest_keeps_the_rows_and_asks_for_a_sync() {
    let mut table = Table::new();
    assert!(table.renew(&"a".into(), 0, T0), "nothing told, nothing held");
    assert!(!table.renew(&"a".into(), 7, T0), "told, but not held");
    table.put(&"a".into(), &project(1), hosting(1, 1, 0), T0);
    assert!(!table.renew(&"a".into(), 7, T0 + LEASE - SECOND));
    assert_eq!(found(&table, 1, T0 + LEASE), names(["a"]));
}

#[test]
fn a_sync_replaces_one_nodes_rows_only() {
    let mut table = Table::new();
    for node in ["a", "b"] {
        table.replace(&node.into(), (0..5).map(|i| (project(i), hosting(1, 1, 0))), T0);
    }
    table.replace(&"a".into(), [(project(4), hosting(2, 1, 0)), (project(9), hosting(2, 1, 0))], T0);
    assert_eq!(found(&table, 0, T0), names(["b"]));
    assert_eq!(found(&table, 4, T0), names(["a", "b"]));
    assert_eq!(found(&table, 9, T0), names(["a"]));
    assert_eq!(table.len(), 7);
    table.remove_node(&"b".into());
    assert_eq!((found(&table, 4, T0), table.len()), (names(["a"]), 2));
}

#[test]
fn a_suspended_nodes_rows_are_hidden_until_it_resumes_or_lapses() {
    let mut table = Table::new();
    table.put(&"a".into(), &project(1), hosting(1, 1, 0), T0);
    table.suspend_node(&"a".into());
    assert!(table.find(&project(1), T0).is_empty() && table.is_empty() && table.nodes().is_empty());
    table.resume_node(&"a".into());
    assert_eq!(found(&table, 1, T0), names(["a"]));
    table.suspend_node(&"a".into());
    table.expire(T0 + LEASE);
    table.resume_node(&"a".into());
    assert!(table.is_empty());
}

#[test]
fn samples_are_cut() {
    let mut table = Table::new();
    let sample =
        (0..9).map(|i| if i == 0 { "x".repeat(1_000) } else { format!("peer-{i}") }.into()).collect();
    table.put(&"a".into(), &project(1), Hosting { sample, ..hosting(1, 1, 0) }, T0);
    let rows = table.find(&project(1), T0);
    assert_eq!(rows[0].hosting.sample.len(), MAX_SAMPLE);
    assert_eq!(&*rows[0].hosting.sample[0], "peer-1");
}

proptest! {
    /// Whatever was put, in whatever order, the digest is that of a table which got only the end result.
    #[test]
    fn the_digest_is_that_of_the_rows_held(
        puts in prop::collection::vec((0..6u32, 0..3u64, 0..3u32, 0..2u32), 0..60),
    ) {
        let mut table = Table::new();
        let mut model = BTreeMap::new();
        for (i, version, all, part) in puts {
            table.put(&"a".into(), &project(i), hosting(version, all, part), T0);
            model.insert(project(i), hosting(version, all, part));
        }
        model.retain(|_, hosting| !hosting.is_none());
        let rows: Vec<_> = model.into_iter().collect();
        prop_assert_eq!(table.len(), rows.len());
        prop_assert!(table.renew(&"a".into(), digest_of(&rows), T0));
        for (project, hosting) in rows {
            prop_assert_eq!(&table.find(&project, T0)[0].hosting, &hosting);
        }
    }
}

/// The digest that a node which told these rows, and only these, would renew with.
fn digest_of(rows: &[(ProjectName, Hosting)]) -> u64 {
    use crowd_directory::{Directory, Effect, RENEW_EVERY};
    let mut directory = Directory::new("a".into());
    directory.node_up("owner".into(), T0);
    for (project, hosting) in rows {
        directory.host(project, hosting.clone(), T0);
    }
    let mut effects = directory.tick(T0);
    effects.extend(directory.tick(T0 + RENEW_EVERY));
    let renewal = |effect: &Effect| match effect {
        Effect::Renew { digest, .. } => Some(*digest),
        _ => None,
    };
    effects.iter().find_map(renewal).unwrap_or(0)
}

fn found(table: &Table, i: u32, now: Duration) -> Vec<NodeName> {
    table.find(&project(i), now).into_iter().map(|row| row.node).collect()
}

fn hosting(version: u64, all: u32, part: u32) -> Hosting {
    Hosting { version, all, part, sample: Vec::new() }
}

fn project(i: u32) -> ProjectName {
    ProjectName::parse(&format!("project-{i:05}")).expect("a valid name")
}

fn names<const N: usize>(names: [&str; N]) -> Vec<NodeName> {
    names.map(NodeName::from).to_vec()
}
