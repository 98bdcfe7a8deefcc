//! Many directories in one simulated cluster, from a seed: whatever happened to it, once it settles every node finds
//! every host; and while the ring changes with every message delivered in order, no node ever misses one.

mod random;
mod world;

use std::time::Duration;

use crowd_directory::{NodeName, TRANSITION};
use random::Random;
use world::{Network, STARTED, World};

const PROJECTS: u32 = 24;
const SETTLE: Duration = Duration::from_secs(90);
/// How long a change is watched: until its transition is over everywhere.
const AFTERMATH: Duration = Duration::from_secs(TRANSITION.as_secs() + 6);
const STEP: Duration = Duration::from_millis(200);

/// The age at which a node's lookups count even if many others joined with it: the transition it started in is over.
const SEASONED: Duration = Duration::from_secs(STARTED.as_secs() + TRANSITION.as_secs());

#[test]
fn everything_is_found_after_chaos() {
    for seed in 1..=25 {
        let mut random = Random::new(seed);
        let network = Network { loss: random.below(30), in_order: false };
        let mut world = World::new(seed, network, 3 + random.below(5) as usize);
        for _ in 0..60 {
            match random.below(12) {
                0 => _ = world.start(),
                1 => world.any_node(4).map_or((), |node| world.crash(&node)),
                2 => world.any_node(4).map_or((), |node| world.restart(&node)),
                3 => world.any_node(2).map_or((), |node| world.false_alarm(&node)),
                _ => host_anything(&mut world, &mut random),
            }
            world.run(Duration::from_millis(u64::from(random.below(4_000))));
        }
        world.network = Network { loss: 0, in_order: true };
        world.run(SETTLE);
        world.check_settled();
    }
}

#[test]
fn a_join_hides_no_host() {
    for seed in 100..=115 {
        let mut world = settled(seed);
        world.start();
        watch(&mut world, STARTED, AFTERMATH);
    }
}

#[test]
fn a_crash_hides_no_other_host() {
    for seed in 200..=215 {
        let mut world = settled(seed);
        if let Some(node) = world.any_node(2) {
            world.crash(&node);
        }
        watch(&mut world, SEASONED, AFTERMATH);
    }
}

#[test]
fn a_graceful_leave_hides_no_other_host() {
    for seed in 300..=315 {
        let mut world = settled(seed);
        if let Some(node) = world.any_node(2) {
            world.leave(&node);
        }
        watch(&mut world, SEASONED, AFTERMATH);
    }
}

#[test]
fn many_joins_at_once_hide_no_host_from_those_who_were_there() {
    for seed in 400..=407 {
        let mut world = settled(seed);
        for _ in 0..8 {
            world.start();
            watch(&mut world, SEASONED, Duration::from_millis(u64::from(seed as u32 % 7) * 100));
        }
        watch(&mut world, SEASONED, AFTERMATH);
    }
}

#[test]
fn a_rolling_restart_hides_no_host_of_another_node() {
    for seed in 500..=507 {
        let mut world = settled(seed);
        let nodes: Vec<NodeName> = world.nodes().cloned().collect();
        for node in nodes {
            world.restart(&node);
            watch(&mut world, SEASONED, Duration::from_secs(6));
            host_everything(&mut world, seed);
            // Long enough for the announcements to arrive, not for the transition to end.
            world.run(Duration::from_secs(1));
        }
        watch(&mut world, SEASONED, AFTERMATH);
    }
}

/// A cluster of 1 to 8 nodes that has been up for long, with every project on one to three of them.
fn settled(seed: u64) -> World {
    let mut world = World::new(seed, Network { loss: 0, in_order: true }, 1 + (seed % 8) as usize);
    world.run(SETTLE);
    host_everything(&mut world, seed);
    world.run(SETTLE);
    world.check_settled();
    world
}

fn host_everything(world: &mut World, seed: u64) {
    let mut random = Random::new(seed);
    for project in 0..PROJECTS {
        for _ in 0..=random.below(3) {
            if let Some(node) = world.any_node(1) {
                world.host(&node, project, 1, 1 + random.below(5), random.below(5));
            }
        }
    }
}

fn host_anything(world: &mut World, random: &mut Random) {
    for _ in 0..random.below(20) {
        if let Some(node) = world.any_node(1) {
            let (version, all, part) = (u64::from(random.below(4)), random.below(3), random.below(3));
            world.host(&node, random.below(PROJECTS), version, all, part);
        }
    }
}

/// Lets time pass, and has every node that is older than `age` look for every project at every step.
fn watch(world: &mut World, age: Duration, time: Duration) {
    let end = world.now() + time;
    while world.now() < end {
        world.run(STEP);
        world.check_no_false_no_peer(age);
    }
}
