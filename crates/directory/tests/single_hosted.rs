//! Projects that hang on one peer are told by their first owner, however they are spread over nodes.

use std::collections::BTreeSet;
use std::time::Duration;

use crowd_directory::{Directory, Hosting, LEASE, NodeName};
use crowd_protocol::ProjectName;

const T0: Duration = Duration::from_secs(100);

#[test]
fn each_is_told_once_and_by_its_first_owner() {
    let mut cluster: Vec<Directory> = ["a", "b", "c"].map(|name| Directory::new(name.into())).into();
    for me in &mut cluster {
        for other in ["a", "b", "c"] {
            me.node_up(other.into(), T0);
        }
    }
    for i in 0..60 {
        // One peer at a, two at a, one each at a and b, one at c of a part.
        let placed: &[(usize, Hosting)] = match i % 4 {
            0 => &[(0, hosting(1, 0))],
            1 => &[(0, hosting(2, 0))],
            2 => &[(0, hosting(1, 0)), (1, hosting(1, 0))],
            _ => &[(2, hosting(0, 1))],
        };
        for (at, hosting) in placed {
            cluster[*at].host(&project(i), hosting.clone(), T0);
            let from = cluster[*at].me().clone();
            for owner in &mut cluster {
                if *owner.me() != from && owner.owners(&project(i), T0).contains(owner.me()) {
                    owner.announced(&from, vec![(project(i), hosting.clone())], T0);
                }
            }
        }
    }
    let told: Vec<_> = cluster.iter().flat_map(|me| all(me, T0)).collect();
    let expected: BTreeSet<_> = (0..60)
        .filter_map(|i| match i % 4 {
            0 => Some((project(i), NodeName::from("a"))),
            3 => Some((project(i), NodeName::from("c"))),
            _ => None,
        })
        .collect();
    assert_eq!(told.len(), expected.len(), "none is told twice");
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn rows_without_a_lease_do_not_count() {
    let mut me = Directory::new("me".into());
    me.host(&project(1), hosting(1, 0), T0);
    me.announced(&"other".into(), vec![(project(1), hosting(1, 0)), (project(2), hosting(1, 0))], T0);
    assert_eq!(all(&me, T0), [(project(2), "other".into())]);
    assert_eq!(all(&me, T0 + LEASE), [(project(1), "me".into())]);
}

/// Everything, in looks of seven.
fn all(me: &Directory, now: Duration) -> Vec<(ProjectName, NodeName)> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let look = me.single_hosted(after.as_ref(), 7, now);
        found.extend(look.found.into_iter().map(|(project, at)| (project, at.unwrap_or(me.me().clone()))));
        after = look.next;
        if after.is_none() {
            return found;
        }
    }
}

fn hosting(all: u32, part: u32) -> Hosting {
    Hosting { version: 1, all, part, sample: Vec::new() }
}

fn project(i: u32) -> ProjectName {
    ProjectName::parse(&format!("project-{i}")).expect("a valid name")
}
