//! The table an owner keeps: for each project the nodes that have peers which host it, as they told it. Rows live as
//! long as their node's lease.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use crowd_protocol::ProjectName;

use crate::ledger::Ledger;
use crate::mix::key;
use crate::{Hosting, NodeName, Row};

/// How long a node's rows live after it last said anything.
pub const LEASE: Duration = Duration::from_secs(30);

/// Rows of one node at most, about 300 bytes each. Those past it are refused: a broken node must not fill the memory
/// of every other, and an honest one has fewer peers than this.
pub const MAX_ROWS: usize = 1_000_000;

/// Project → rows by node.
#[derive(Debug, Default)]
pub struct Table {
    /// The rows of each project, sorted by node.
    projects: BTreeMap<ProjectName, Vec<Row>>,
    nodes: BTreeMap<NodeName, Announced>,
}

/// What one node announced.
#[derive(Debug, Default)]
struct Announced {
    ledger: Ledger,
    until: Duration,
    /// It is said to be down: nobody is sent to it.
    away: bool,
}

impl Table {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Enters what `from` says of `project` and extends its lease; a hosting that is none withdraws.
    /// False where it was refused: `from` has [`MAX_ROWS`] already.
    pub fn put(&mut self, from: &NodeName, project: &ProjectName, hosting: Hosting, now: Duration) -> bool {
        let announced = self.nodes.entry(from.clone()).or_default();
        announced.until = now + LEASE;
        if hosting.is_none() {
            announced.ledger.unset(project);
            self.unlist(from, project);
            return true;
        }
        if announced.ledger.len() >= MAX_ROWS && !announced.ledger.contains(project) {
            return false;
        }
        announced.ledger.set(project, hosting.digest(key(project.as_str())));
        let hosting = hosting.bounded();
        let rows = self.projects.entry(project.clone()).or_default();
        match rows.binary_search_by(|row| row.node.cmp(from)) {
            Ok(i) => rows[i].hosting = hosting,
            Err(i) => rows.insert(i, Row { node: from.clone(), hosting }),
        }
        true
    }

    /// Puts `rows` in place of everything that `from` said, and extends its lease. How many were refused.
    pub fn replace(
        &mut self,
        from: &NodeName,
        rows: impl IntoIterator<Item = (ProjectName, Hosting)>,
        now: Duration,
    ) -> usize {
        let announced = self.nodes.entry(from.clone()).or_default();
        announced.until = now + LEASE;
        let old = std::mem::take(&mut announced.ledger);
        for project in old.projects() {
            self.unlist(from, project);
        }
        self.put_all(from, rows, now)
    }

    /// [`Table::put`] for each of `rows`. How many were refused.
    pub fn put_all(
        &mut self,
        from: &NodeName,
        rows: impl IntoIterator<Item = (ProjectName, Hosting)>,
        now: Duration,
    ) -> usize {
        rows.into_iter().map(|(project, hosting)| usize::from(!self.put(from, &project, hosting, now))).sum()
    }

    /// Extends the lease of `from`. False where `digest` is not that of what is held of it: it has to sync, and until
    /// it does its rows stay, since a wrong one costs a hop and a missing one an answer.
    pub fn renew(&mut self, from: &NodeName, digest: u64, now: Duration) -> bool {
        match self.nodes.get_mut(from) {
            Some(announced) => {
                announced.until = now + LEASE;
                announced.ledger.digest() == digest
            }
            None => digest == 0,
        }
    }

    /// Hides a node's rows, because it is said to be down. They are gone when its lease lapses.
    pub fn suspend_node(&mut self, node: &NodeName) {
        if let Some(announced) = self.nodes.get_mut(node) {
            announced.away = true;
        }
    }

    /// Shows a suspended node's rows again, where the lease has not lapsed.
    pub fn resume_node(&mut self, node: &NodeName) {
        if let Some(announced) = self.nodes.get_mut(node) {
            announced.away = false;
        }
    }

    /// Drops a node's rows and its lease.
    pub fn remove_node(&mut self, node: &NodeName) {
        let Some(announced) = self.nodes.remove(node) else { return };
        for project in announced.ledger.projects() {
            self.unlist(node, project);
        }
    }

    /// The rows of a project, best first: more peers with all of it, then more with part of it, then the newer version.
    /// Without those of nodes that are suspended or whose lease lapsed.
    pub fn find(&self, project: &ProjectName, now: Duration) -> Vec<Row> {
        let rows = self.projects.get(project).map_or(&[][..], Vec::as_slice);
        let mut rows: Vec<Row> = rows.iter().filter(|row| self.lives(row, now)).cloned().collect();
        Row::sort(&mut rows);
        rows
    }

    /// False where its node is suspended, or its lease lapsed.
    pub(crate) fn lives(&self, row: &Row, now: Duration) -> bool {
        self.nodes.get(&row.node).is_some_and(|node| !node.away && now < node.until)
    }

    /// The projects that come after this one by name, with all rows.
    pub(crate) fn after(
        &self,
        project: Option<&ProjectName>,
    ) -> impl Iterator<Item = (&ProjectName, &[Row])> {
        let from = project.map_or(Bound::Unbounded, Bound::Excluded);
        self.projects.range((from, Bound::Unbounded)).map(|(project, rows)| (project, rows.as_slice()))
    }

    /// Drops the rows of nodes whose lease lapsed.
    pub fn expire(&mut self, now: Duration) {
        let lapsed = self.nodes.iter().filter(|(_, announced)| announced.until <= now);
        let lapsed: Vec<NodeName> = lapsed.map(|(node, _)| node.clone()).collect();
        for node in lapsed {
            self.remove_node(&node);
        }
    }

    /// Rows held, without those of suspended nodes.
    pub fn len(&self) -> usize {
        self.shown().map(|(_, announced)| announced.ledger.len()).sum()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The nodes that have a lease, by name, without suspended ones.
    pub fn nodes(&self) -> Vec<NodeName> {
        self.shown().map(|(node, _)| node.clone()).collect()
    }

    fn shown(&self) -> impl Iterator<Item = (&NodeName, &Announced)> {
        self.nodes.iter().filter(|(_, announced)| !announced.away)
    }

    /// Takes the row out of its project. The ledger is the caller's.
    fn unlist(&mut self, node: &NodeName, project: &ProjectName) {
        let Some(rows) = self.projects.get_mut(project) else { return };
        if let Ok(i) = rows.binary_search_by(|row| row.node.cmp(node)) {
            rows.remove(i);
        }
        if rows.is_empty() {
            self.projects.remove(project);
        }
    }
}
