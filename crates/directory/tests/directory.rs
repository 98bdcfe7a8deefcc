//! What one directory says and when: at once, with the tick, again after a failure, and to ex-owners too.

use std::time::Duration;

use crowd_directory::{Directory, Effect, Hosting, LEASE, NodeName, RENEW_EVERY, RETRY, TRANSITION};
use crowd_protocol::ProjectName;

const T0: Duration = Duration::from_secs(100);
const TICK: Duration = Duration::from_millis(250);

#[test]
fn a_lone_node_tells_nobody_and_answers_for_itself() {
    let mut me = Directory::new("me".into());
    assert!(me.host(&project(1), hosting(1, 1), T0).is_empty());
    assert!(me.tick(T0 + RENEW_EVERY).is_empty());
    assert!(me.find(&project(1), T0).is_empty());
    assert_eq!(me.find_for_others(&project(1), T0)[0].node, *me.me());
    assert_eq!(me.owners(&project(1), T0), [me.me().clone()]);
    assert_eq!((me.own_len(), me.table_len(), me.share()), (1, 0, 1.0));
    assert!(!me.in_transition(T0));
}

#[test]
fn appearance_update_and_withdrawal_go_out_at_once_and_counts_with_the_tick() {
    let mut me = settled(6);
    let owners = others(&me, 1);
    let announced = |effects: Vec<Effect>, hosting: Hosting| {
        let mut to: Vec<_> = effects.iter().map(|effect| effect.to().clone()).collect();
        to.sort();
        assert_eq!(to, owners);
        for effect in effects {
            assert_eq!(rows(effect), vec![(project(1), hosting.clone())]);
        }
    };
    let now = T0 + TRANSITION;
    announced(me.host(&project(1), hosting(1, 1), now), hosting(1, 1));
    for all in 2..10_000 {
        assert!(me.host(&project(1), hosting(1, all), now).is_empty());
    }
    announced(me.tick(now), hosting(1, 9_999));
    assert!(me.host(&project(1), hosting(1, 9_999), now).is_empty());
    assert!(me.tick(now).is_empty(), "nothing changed");
    announced(me.host(&project(1), hosting(2, 1), now), hosting(2, 1));
    announced(me.host(&project(1), Hosting::none(), now), Hosting::none());
    assert!(me.host(&project(1), Hosting::none(), now).is_empty());
    assert!(me.tick(now + RENEW_EVERY).is_empty(), "nothing is told, nothing to renew");
}

#[test]
fn a_node_that_comes_up_gets_exactly_what_it_owns() {
    let mut me = settled(6);
    for i in 0..300 {
        me.host(&project(i), hosting(1, 1), T0);
    }
    let effects = me.node_up("new".into(), T0 + TRANSITION);
    let [Effect::Sync { to, rows }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(to, &"new".into());
    let told: Vec<_> = rows.iter().map(|(project, _)| project.clone()).collect();
    let owned = |i: &u32| me.ring().owners(&project(*i)).contains(to);
    assert_eq!(told, (0..300).filter(owned).map(project).collect::<Vec<_>>());
}

#[test]
fn who_owns_the_projects_of_a_lost_node_is_told_them() {
    let mut me = settled(6);
    for i in 0..300 {
        me.host(&project(i), hosting(1, 1), T0);
    }
    let lost = NodeName::from("node-2");
    let before = me.ring().clone();
    let mut told = Vec::new();
    for effect in me.node_down(&lost, T0 + TRANSITION) {
        let to = effect.to().clone();
        told.extend(rows(effect).into_iter().map(|(project, _)| (project, to.clone())));
    }
    told.sort();
    let new = |i: u32| {
        let owners = me.ring().owners(&project(i)).into_iter();
        owners
            .filter(|owner| owner != me.me() && !before.owners(&project(i)).contains(owner))
            .collect::<Vec<_>>()
    };
    let expected = (0..300).flat_map(|i| new(i).into_iter().map(move |to| (project(i), to)));
    assert_eq!(told, expected.collect::<Vec<_>>());
    for i in 0..300 {
        let withdrawal = me.host(&project(i), Hosting::none(), T0 + TRANSITION);
        assert!(withdrawal.iter().all(|effect| *effect.to() != lost), "nobody speaks to the dead");
    }
}

#[test]
fn ex_owners_are_told_and_asked_until_the_transition_ends() {
    let mut me = settled(6);
    let start = T0 + TRANSITION;
    me.tick(start);
    let moved = |me: &Directory, i: u32| {
        let mut ring = (**me.ring()).clone();
        ring.insert("new".into());
        let ex = |owner: &NodeName| !ring.owners(&project(i)).contains(owner) && owner != me.me();
        me.ring().owners(&project(i)).into_iter().find(ex)
    };
    let (i, ex_owner) = (0..).find_map(|i| Some((i, moved(&me, i)?))).unwrap();
    me.host(&project(i), hosting(1, 1), start);
    me.node_up("new".into(), start);
    assert!(me.in_transition(start));
    assert_eq!(me.owners(&project(i), start).last(), Some(&ex_owner));
    let update = me.host(&project(i), hosting(2, 1), start);
    assert!(update.iter().any(|effect| *effect.to() == ex_owner), "a newer version reaches it too");

    let end = start + TRANSITION;
    assert!(!me.in_transition(end));
    assert!(!me.owners(&project(i), end).contains(&ex_owner));
    me.failed(&me.ring().owners(&project(i)).into_iter().find(|owner| owner != me.me()).unwrap());
    let withdraws = |effects: Vec<Effect>| {
        let to_it = effects.into_iter().filter(|effect| *effect.to() == ex_owner);
        to_it.flat_map(rows).any(|(of, hosting)| of == project(i) && hosting.is_none())
    };
    assert!(!withdraws(me.tick(end)), "not while an owner may not have the row");
    assert!(withdraws(me.tick(end + RETRY)));
}

#[test]
fn what_did_not_arrive_is_synced_later_and_not_too_often() {
    let mut me = settled(1);
    me.host(&project(1), hosting(1, 1), T0);
    me.failed(&"node-0".into());
    assert!(me.host(&project(2), hosting(1, 1), T0).is_empty(), "its sync will say it");
    assert!(me.host(&project(1), Hosting::none(), T0).is_empty());
    let sync = Effect::Sync { to: "node-0".into(), rows: vec![(project(2), hosting(1, 1))] };
    let now = T0 + RETRY;
    assert_eq!(me.tick(now)[0], sync);
    me.failed(&"node-0".into());
    assert!(!me.tick(now + TICK).contains(&sync));
    assert!(me.tick(now + RETRY).contains(&sync));
    assert!(!me.tick(now + RETRY * 2).contains(&sync));
    me.renewal(&"node-0".into(), true);
    assert!(!me.tick(now + RETRY * 3).contains(&sync));
    me.renewal(&"node-0".into(), false);
    assert!(me.tick(now + RETRY * 4).contains(&sync));
    me.failed(&"stranger".into());
    assert!(me.tick(now + RETRY * 5).iter().all(|effect| *effect.to() == "node-0".into()));
}

#[test]
fn a_failed_empty_sync_is_tried_again() {
    let mut me = Directory::new("me".into());
    let sync = Effect::Sync { to: "node-0".into(), rows: Vec::new() };
    assert_eq!(me.node_up("node-0".into(), T0), std::slice::from_ref(&sync));
    assert!(me.tick(T0).is_empty());
    me.failed(&"node-0".into());
    assert!(me.tick(T0 + TICK).is_empty());
    assert_eq!(me.tick(T0 + RETRY), [sync]);
}

#[test]
fn leases_are_renewed_in_time_at_every_owner() {
    let mut me = settled(5);
    for i in 0..100 {
        me.host(&project(i), hosting(1, 1), T0);
    }
    let mut renewed = vec![Vec::new(); 5];
    let ticks = (LEASE * 2).as_millis() / TICK.as_millis();
    for now in (0..ticks as u32).map(|n| T0 + TRANSITION + TICK * n) {
        for effect in me.tick(now) {
            let Effect::Renew { to, .. } = effect else { continue };
            renewed[to.as_str()["node-".len()..].parse::<usize>().unwrap()].push(now);
        }
    }
    for times in &renewed {
        assert!(times.len() >= 5, "{times:?}");
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] <= RENEW_EVERY + TICK), "{times:?}");
    }
    assert!(renewed.iter().any(|times| times[0] != renewed[0][0]), "spread: {renewed:?}");
}

#[test]
fn a_false_alarm_hides_rows_only_while_it_lasts() {
    let mut me = settled(3);
    me.announced(&"node-0".into(), vec![(project(1), hosting(1, 1))], T0);
    assert_eq!((me.find(&project(1), T0).len(), me.table_len()), (1, 1));
    me.node_down(&"node-0".into(), T0);
    assert_eq!((me.find(&project(1), T0).len(), me.table_len()), (0, 0));
    me.node_up("node-0".into(), T0 + TICK);
    assert_eq!((me.find(&project(1), T0 + TICK).len(), me.table_len()), (1, 1));
    me.synced(&"node-0".into(), Vec::new(), T0 + TICK);
    assert_eq!((me.find(&project(1), T0 + TICK).len(), me.table_len()), (0, 0));
}

#[test]
fn a_node_takes_no_word_from_itself() {
    let mut me = settled(3);
    let name = me.me().clone();
    assert_eq!(me.announced(&name, vec![(project(1), hosting(1, 1))], T0), 1);
    assert_eq!(me.synced(&name, vec![(project(1), hosting(1, 1))], T0), 1);
    assert!(me.node_up(name.clone(), T0).is_empty() && me.node_down(&name, T0).is_empty());
    assert_eq!((me.table_len(), me.nodes().len()), (0, 4));
}

/// A directory in a cluster of `others` nodes besides, that knew them for long.
fn settled(others: usize) -> Directory {
    let mut me = Directory::new("me".into());
    for i in 0..others {
        me.node_up(NodeName::from(format!("node-{i}")), T0 - TRANSITION - RETRY);
    }
    me.tick(T0 - RETRY);
    me
}

/// The owners of a project other than the directory's own node, by name.
fn others(me: &Directory, i: u32) -> Vec<NodeName> {
    let mut owners = me.ring().owners(&project(i));
    owners.retain(|owner| owner != me.me());
    owners.sort();
    owners
}

fn rows(effect: Effect) -> Vec<(ProjectName, Hosting)> {
    match effect {
        Effect::Announce { rows, .. } | Effect::Sync { rows, .. } => rows,
        Effect::Renew { .. } => Vec::new(),
    }
}

fn hosting(version: u64, all: u32) -> Hosting {
    Hosting { version, all, part: 0, sample: Vec::new() }
}

fn project(i: u32) -> ProjectName {
    ProjectName::parse(&format!("project-{i:05}")).expect("a valid name")
}
