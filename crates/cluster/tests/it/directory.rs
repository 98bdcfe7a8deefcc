//! Who hosts what, known by all.

use std::time::Duration;

use crate::support::{Start, Wire, all_see, eventually, three};

#[tokio::test]
async fn what_was_announced_is_found_from_every_node_at_once() {
    let nodes = three().await;
    for (i, host) in nodes.iter().enumerate() {
        let project = format!("site-{i}");
        host.host(&project, &["x".into()]).await;
        for node in &nodes {
            let expected = if node.name == host.name { vec![] } else { vec![host.name.clone()] };
            assert_eq!(node.holders(&project).await, expected, "{project} from {}", node.name);
            let rows = node.cluster.nodes().hosting_elsewhere(&project.parse().unwrap()).await;
            let counts = rows.iter().map(|row| (row.node.to_string(), row.hosting.all + row.hosting.part));
            let expected: Vec<_> = expected.into_iter().map(|node| (node, 1)).collect();
            assert_eq!(counts.collect::<Vec<_>>(), expected, "{project} from {}", node.name);
        }
        host.unhost(&project).await;
        for node in &nodes {
            assert!(node.holders(&project).await.is_empty(), "{project} from {}", node.name);
        }
    }
}

#[tokio::test]
async fn a_node_that_just_joined_finds_all_and_is_found() {
    let [a, b, c] = three().await;
    let projects: Vec<String> = (0..20).map(|i| format!("site-{i}")).collect();
    for project in &projects {
        a.host(project, &["x".into()]).await;
    }
    let d = Start::joining("d", &a).start().await;
    let joined = async || d.sees().len() == 4 && b.sees().len() == 4;
    eventually("d has joined", Duration::from_secs(5), joined).await;
    for project in &projects {
        assert_eq!(d.holders(project).await, ["a"], "{project}");
        assert_eq!(c.holders(project).await, ["a"], "{project}");
    }
    d.host("new", &["x".into()]).await;
    assert_eq!(b.holders("new").await, ["d"]);
}

#[tokio::test]
async fn a_node_that_is_down_is_nobody_to_ask() {
    let [a, b, c] = three().await;
    c.host("site", &["x".into()]).await;
    b.host("site", &["x".into()]).await;
    let mut holders = a.holders("site").await;
    holders.sort();
    assert_eq!(holders, ["b", "c"]);
    c.crash().await.unwrap();
    eventually("c is down", Duration::from_secs(5), async || a.sees() == ["a", "b"]).await;
    eventually("b alone is asked", Duration::from_secs(1), async || a.holders("site").await == ["b"]).await;
    let known = a.cluster.nodes().known_holders(&"site".parse().unwrap());
    assert!(known.is_some_and(|known| known.iter().all(|holder| &**holder.id() == "b")));
}

#[tokio::test]
async fn lookups_answer_in_time_while_owners_are_dead_and_not_yet_down() {
    let [a, b, c] = three().await;
    for i in 0..10 {
        b.host(&format!("site-{i}"), &["x".into()]).await;
    }
    c.crash().await.unwrap();
    for i in 0..10 {
        let started = std::time::Instant::now();
        let holders = a.holders(&format!("site-{i}")).await;
        assert_eq!(holders, ["b"], "site-{i}");
        assert!(started.elapsed() < Duration::from_millis(700), "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn lookups_answer_in_time_while_an_owner_is_mute() {
    let wire = Wire::new().await;
    let a = Start::keeper("a").start().await;
    let b = Start::joining("b", &a).start().await;
    let c = Start { behind: Some(&wire), ..Start::joining("c", &a) }.start().await;
    all_see([&a, &b, &c], &["a", "b", "c"]).await;
    for i in 0..10 {
        c.host(&format!("site-{i}"), &["x".into()]).await;
        b.host(&format!("site-{i}"), &["x".into()]).await;
    }
    wire.cut();
    for i in 0..10 {
        let started = std::time::Instant::now();
        assert!(!a.holders(&format!("site-{i}")).await.is_empty());
        assert!(a.holders(&format!("nobody-{i}")).await.is_empty());
        assert!(started.elapsed() < Duration::from_millis(1_400), "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_new_owner_is_filled_with_more_rows_than_fit_a_message() {
    let a = Start::keeper("a").start().await;
    for i in 0..2_500 {
        a.host(&format!("site-{i}"), &[]).await;
    }
    let b = Start::joining("b", &a).start().await;
    let filled = async || b.cluster.status().rows == 2_500;
    eventually("b holds all rows of a", Duration::from_secs(5), filled).await;
    assert_eq!(b.holders("site-2499").await, ["a"]);
}
