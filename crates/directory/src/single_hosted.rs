//! Which projects hang on a single peer, as far as one node can tell: when that one goes, nobody has them.

use std::cmp::Ordering;
use std::time::Duration;

use crowd_protocol::ProjectName;

use crate::announcer::Announcer;
use crate::{Hosting, NodeName, Row, Table};

/// What one look through a part of the directory found. A look at everything would hold the directory for too long.
#[derive(Debug, Default)]
pub struct SingleHosted {
    /// Projects that one peer hosts, and the node that it is connected to; none for the one that looked.
    pub found: Vec<(ProjectName, Option<NodeName>)>,
    /// Where the next look goes on; none where this one came to the end.
    pub next: Option<ProjectName>,
}

impl SingleHosted {
    /// Goes through the rows of other nodes and the own ones side by side, both in the order of names.
    pub(crate) fn look(
        table: &Table,
        own: &Announcer,
        after: Option<&ProjectName>,
        most: usize,
        now: Duration,
        is_ours: impl Fn(&ProjectName) -> bool,
    ) -> Self {
        let (mut others, mut own) = (table.after(after).peekable(), own.after(after).peekable());
        let mut look = Self::default();
        let mut last = None;
        for _ in 0..most {
            let order = match (others.peek(), own.peek()) {
                (Some((other, _)), Some((own, _))) => other.cmp(own),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return look,
            };
            let other = if order.is_le() { others.next() } else { None };
            let here = if order.is_ge() { own.next() } else { None };
            let rows = other.map_or(&[][..], |(_, rows)| rows).iter().filter(|row| table.lives(row, now));
            let Some(project) = other.map(|(project, _)| project).or(here.map(|(project, _)| project)) else {
                return look;
            };
            if let Some(at) = single_host(rows, here.map(|(_, hosting)| hosting))
                && is_ours(project)
            {
                look.found.push((project.clone(), at));
            }
            last = Some(project);
        }
        look.next = last.cloned();
        look
    }
}

/// Where the one peer is that hosts it; none where there are more, or none at all. Inside, none is this node.
fn single_host<'r>(rows: impl Iterator<Item = &'r Row>, here: Option<&Hosting>) -> Option<Option<NodeName>> {
    let elsewhere = rows.map(|row| (Some(&row.node), &row.hosting));
    let mut single = None;
    for (node, hosting) in elsewhere.chain(here.map(|hosting| (None, hosting))) {
        match u64::from(hosting.all) + u64::from(hosting.part) {
            0 => {}
            1 if single.is_none() => single = Some(node.cloned()),
            _ => return None,
        }
    }
    single
}
