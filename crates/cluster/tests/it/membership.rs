//! Joining, leaving, dying, coming back.

use std::sync::Arc;
use std::time::Duration;

use crowd_cluster::{ClusterConfig, ClusterError, Joining, Lines};
use crowd_registry::LocalRegistry;

use crate::support::{Start, Wire, all_see, eventually, three};

#[tokio::test]
async fn nodes_find_each_other_and_say_where_the_public_reaches_them() {
    let nodes = three().await;
    for node in &nodes {
        let c = node.member("c").unwrap();
        assert_eq!((&*c.address, &*c.public_url), (&*nodes[2].address, "http://c.example"));
    }
    // Shares add up once all know the same ring.
    let shares = async || nodes.iter().map(|node| node.cluster.status().share).sum::<f64>();
    eventually("the shares are one", Duration::from_secs(5), async || (shares().await - 1.0).abs() < 1e-9)
        .await;
}

#[tokio::test]
async fn nodes_that_start_together_and_name_each_other_find_each_other() {
    let wires = [Wire::new().await, Wire::new().await, Wire::new().await];
    let join: Vec<String> = wires.iter().map(|wire| wire.address.clone()).collect();
    let keeper = Start { join: join.clone(), behind: Some(&wires[0]), ..Start::keeper("a") };
    let other = |name, wire| {
        let join = join.clone();
        Start { name, incarnation: 1, join, keeps: None, behind: Some(wire), listener: None }
    };
    let (b, c) = (other("b", &wires[1]).start(), other("c", &wires[2]).start());
    let (b, c, a) = tokio::join!(b, c, keeper.start());
    all_see([&a, &b, &c], &["a", "b", "c"]).await;
}

#[tokio::test]
async fn a_crash_is_known_by_all_within_five_seconds() {
    let [a, b, c] = three().await;
    c.crash().await.unwrap();
    let limit = Duration::from_secs(5);
    eventually("c is down", limit, async || a.sees() == ["a", "b"] && b.sees() == ["a", "b"]).await;
}

#[tokio::test]
async fn among_nine_too() {
    let first = Start::keeper("n0").start().await;
    let mut nodes = Vec::new();
    for i in 1..9 {
        nodes.push(Start::joining(&format!("n{i}"), &first).start().await);
    }
    nodes.push(first);
    let all = async || nodes.iter().all(|node| node.sees().len() == 9);
    eventually("all see all", Duration::from_secs(10), all).await;
    nodes.remove(3).crash().await.unwrap();
    let known = async || nodes.iter().all(|node| node.sees().len() == 8);
    eventually("n4 is down for all", Duration::from_secs(5), known).await;
}

#[tokio::test]
async fn a_node_that_is_cut_off_is_down_and_comes_back() {
    let wire = Wire::new().await;
    let a = Start::keeper("a").start().await;
    let b = Start::joining("b", &a).start().await;
    let c = Start { behind: Some(&wire), ..Start::joining("c", &a) }.start().await;
    all_see([&a, &b, &c], &["a", "b", "c"]).await;
    wire.cut();
    let limit = Duration::from_secs(5);
    eventually("c is down", limit, async || a.sees() == ["a", "b"] && b.sees() == ["a", "b"]).await;
    wire.mend();
    let limit = Duration::from_secs(20);
    let all = async || [&a, &b, &c].iter().all(|node| node.sees() == ["a", "b", "c"]);
    eventually("c is back", limit, all).await;
}

#[tokio::test]
async fn a_node_that_leaves_says_so() {
    let [a, b, c] = three().await;
    c.cluster.leave().await;
    let limit = Duration::from_millis(1_500);
    eventually("c has left", limit, async || a.sees() == ["a", "b"] && b.sees() == ["a", "b"]).await;
    c.crash().await.unwrap();
}

#[tokio::test]
async fn a_node_that_starts_again_under_its_name_takes_its_place() {
    let [a, b, c] = three().await;
    let seed = a.address.clone();
    c.crash().await.unwrap();
    let later = Start { incarnation: 2, join: vec![seed], ..Start::joining("c", &a) }.start().await;
    for node in [&a, &b] {
        let replaced = async || node.member("c").is_some_and(|c| *c.address == *later.address);
        eventually("the later c is known", Duration::from_secs(5), replaced).await;
    }
    all_see([&a, &b, &later], &["a", "b", "c"]).await;
    later.host("site", &["x".into()]).await;
    assert_eq!(a.holders("site").await, ["c"]);
    assert_eq!(b.fetch("site", &"x".into()).await.unwrap(), "x");
}

#[tokio::test]
async fn two_clusters_do_not_join() {
    let a = Start::keeper("a").start().await;
    let foreign = LocalRegistry::in_memory().unwrap();
    let me = ClusterConfig::new("b".into(), "127.0.0.1:9", "x").member().unwrap();
    let cluster_id = Some(crowd_registry::Registry::id(&foreign).to_owned());
    let joining = Joining { me, seeds: vec![a.address.clone()], cluster_id, lines: Lines::plain() };
    let refused = joining.hello_once().await.unwrap_err();
    assert!(matches!(refused, ClusterError::TwoClusters { .. }), "{refused}");
    assert!(refused.to_string().starts_with("two clusters: "), "{refused}");

    let start = Start { keeps: Some(Arc::new(foreign)), ..Start::joining("b", &a) };
    let refused = start.start().await.ended().await.unwrap_err();
    assert!(matches!(refused, ClusterError::TwoClusters { .. }), "{refused}");
    assert_eq!(a.sees(), ["a"]);
}

#[tokio::test]
async fn seeds_of_another_cluster_are_passed_over_where_they_may_be() {
    let (foreign, wire) = (Start::keeper("a").start().await, Wire::new().await);
    let mine = Start { behind: Some(&wire), ..Start::keeper("b") }.start().await;
    let me = ClusterConfig::new("c".into(), "127.0.0.1:9", "x").member().unwrap();
    let cluster_id = Some(mine.registry.id().to_owned());
    let seeds = vec![foreign.address.clone(), mine.address.clone()];
    let joining = Joining { me, seeds, cluster_id, lines: Lines::plain() };
    // So that the other cluster's answer comes first.
    wire.cut();
    let asking = tokio::spawn({
        let joining = joining.clone();
        async move { joining.hello_of_any().await }
    });
    let refused = joining.hello_once().await.unwrap_err();
    assert!(matches!(refused, ClusterError::TwoClusters { .. }), "{refused}");
    wire.mend();
    assert_eq!(asking.await.unwrap().unwrap().unwrap().member.name.as_str(), "b");

    let alone = Joining { seeds: vec![foreign.address.clone()], ..joining };
    let refused = alone.hello_of_any().await.unwrap_err();
    assert!(matches!(refused, ClusterError::TwoClusters { .. }), "{refused}");
}

#[tokio::test]
async fn a_hello_waits_for_a_seed_and_nobody_answers_for_nobody() {
    let wire = Wire::new().await;
    let me = ClusterConfig::new("b".into(), "127.0.0.1:9", "x").member().unwrap();
    let joining = Joining { me, seeds: vec![wire.address.clone()], cluster_id: None, lines: Lines::plain() };
    assert!(joining.hello_once().await.unwrap().is_none());
    let waiting = tokio::spawn(async move { joining.hello().await.unwrap() });
    let a = Start { behind: Some(&wire), ..Start::keeper("a") }.start().await;
    let hello = waiting.await.unwrap();
    assert_eq!(hello.member.name.as_str(), "a");
    assert_eq!(hello.keeper, format!("node://{}", a.address));
}

#[tokio::test]
async fn a_keeper_that_starts_again_and_joins_nobody_is_found_soon() {
    let wire = Wire::new().await;
    let keeper = Start { behind: Some(&wire), ..Start::keeper("a") };
    let registry = keeper.keeps.clone();
    let a = keeper.start().await;
    let (b, c) = (Start::joining("b", &a).start().await, Start::joining("c", &a).start().await);
    all_see([&a, &b, &c], &["a", "b", "c"]).await;
    a.crash().await.unwrap();
    eventually("a is down", Duration::from_secs(5), async || {
        b.sees() == ["b", "c"] && c.sees() == ["b", "c"]
    })
    .await;
    let again = Start { incarnation: 2, keeps: registry, behind: Some(&wire), ..Start::keeper("a") };
    let again = again.start().await;
    let all = async || [&again, &b, &c].iter().all(|node| node.sees() == ["a", "b", "c"]);
    eventually("all see all", Duration::from_secs(4), all).await;
}

#[tokio::test]
async fn who_names_itself_alone_is_told_so() {
    let me = ClusterConfig::new("b".into(), "127.0.0.1:9", "x").member().unwrap();
    let joining = Joining { me, seeds: vec!["127.0.0.1:9".into()], cluster_id: None, lines: Lines::plain() };
    let refused = joining.hello().await.unwrap_err();
    assert!(matches!(refused, ClusterError::NobodyToJoin { .. }), "{refused}");
}
