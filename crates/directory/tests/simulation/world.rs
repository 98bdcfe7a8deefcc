//! The simulated cluster: directories, the messages and the news of membership on their way, and the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crowd_directory::{Directory, Effect, Hosting, NodeName, Row};
use crowd_protocol::ProjectName;

use crate::random::Random;

/// How long a new node takes to learn of all others.
pub(crate) const STARTED: Duration = Duration::from_secs(1);

const TICK: Duration = Duration::from_millis(250);

/// What happens to messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Network {
    /// Percent of messages that are lost; of half of those the sender is told.
    pub(crate) loss: u32,
    /// Whether messages between two nodes keep their order.
    pub(crate) in_order: bool,
}

/// One run of a node's process; a restart is another one of the same name.
#[derive(Debug)]
struct Process {
    directory: Directory,
    started: Duration,
    /// The latest news it has of each node, so that older news changes nothing.
    news: BTreeMap<NodeName, u64>,
    next_tick: Duration,
}

#[derive(Debug)]
enum Event {
    Message { from: NodeName, effect: Effect },
    Answer { at: NodeName, to: NodeName, ok: bool },
    Failed { at: NodeName, to: NodeName },
    News { at: NodeName, of: NodeName, up: bool, number: u64, sent: Duration },
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) network: Network,
    seed: u64,
    random: Random,
    now: Duration,
    numbers: u64,
    nodes: BTreeMap<NodeName, Process>,
    events: BTreeMap<(Duration, u64), Event>,
    last: BTreeMap<(NodeName, NodeName), Duration>,
    truth: BTreeMap<ProjectName, BTreeMap<NodeName, Hosting>>,
}

impl World {
    pub(crate) fn new(seed: u64, network: Network, nodes: usize) -> Self {
        let mut world = Self {
            network,
            seed,
            random: Random::new(seed),
            now: Duration::from_secs(1),
            numbers: 0,
            nodes: BTreeMap::new(),
            events: BTreeMap::new(),
            last: BTreeMap::new(),
            truth: BTreeMap::new(),
        };
        for _ in 0..nodes {
            world.start();
        }
        world
    }

    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = &NodeName> {
        self.nodes.keys()
    }

    /// Any node, where there are at least `enough`.
    pub(crate) fn any_node(&mut self, enough: usize) -> Option<NodeName> {
        let i = self.random.below(self.nodes.len() as u32) as usize;
        if self.nodes.len() < enough { None } else { self.nodes.keys().nth(i).cloned() }
    }

    /// A new node joins.
    pub(crate) fn start(&mut self) -> NodeName {
        let node = NodeName::from(format!("node-{}", self.numbers));
        self.start_as(&node);
        node
    }

    /// A node is gone at once; the others notice within 5 s.
    pub(crate) fn crash(&mut self, node: &NodeName) {
        self.nodes.remove(node);
        self.truth.values_mut().for_each(|hosts| _ = hosts.remove(node));
        self.spread_news(node, false, 5_000);
    }

    /// A node crashes and is there again before anyone noticed.
    pub(crate) fn restart(&mut self, node: &NodeName) {
        self.crash(node);
        self.start_as(node);
    }

    /// A node withdraws what it hosts and goes.
    pub(crate) fn leave(&mut self, node: &NodeName) {
        let hosted: Vec<ProjectName> = self.truth.keys().cloned().collect();
        for project in hosted {
            self.host_project(node, &project, Hosting::none());
        }
        self.run(Duration::from_millis(600));
        self.nodes.remove(node);
        self.spread_news(node, false, 2_000);
    }

    /// Everyone takes a node for dead, and then no longer. It notices nothing.
    pub(crate) fn false_alarm(&mut self, node: &NodeName) {
        self.spread_news(node, false, 3_000);
        self.spread_news(node, true, 6_000);
    }

    /// The peers of `node` change what they host.
    pub(crate) fn host(&mut self, node: &NodeName, project: u32, version: u64, all: u32, part: u32) {
        let project = ProjectName::parse(&format!("project-{project:05}")).expect("a valid name");
        self.host_project(node, &project, Hosting { version, all, part, sample: Vec::new() });
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let event = self.events.keys().next().map(|(at, _)| *at);
            let tick = self.nodes.values().map(|process| process.next_tick).min();
            let Some(next) = event.into_iter().chain(tick).min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            if event == Some(next) {
                let (_, event) = self.events.pop_first().expect("it was just seen");
                self.happen(event);
            } else {
                self.tick();
            }
        }
        self.now = end;
    }

    /// Every node that is older than `age` finds, by asking whom it should, a node that really hosts the project.
    pub(crate) fn check_no_false_no_peer(&self, age: Duration) {
        for (node, process) in self.nodes.iter().filter(|(_, process)| process.started + age <= self.now) {
            for (project, hosts) in &self.truth {
                let found = self.look_up(&process.directory, project);
                let live = found.iter().any(|row| hosts.contains_key(&row.node));
                assert!(
                    live || hosts.is_empty(),
                    "seed {}: at {:?} {node} finds no peer for {project} on {hosts:?}; asked {:?}; found {found:?}",
                    self.seed,
                    self.now,
                    process.directory.owners(project, self.now),
                );
            }
        }
    }

    /// Every node finds every host and nothing else, every owner knows all of it, and nobody else holds a row.
    pub(crate) fn check_settled(&self) {
        let seed = self.seed;
        let mut rows = 0;
        for (project, hosts) in &self.truth {
            let truth: BTreeSet<_> =
                hosts.iter().map(|(node, hosting)| (node.clone(), hosting.version, hosting.all)).collect();
            for (node, process) in &self.nodes {
                let directory = &process.directory;
                assert_eq!(
                    directory.nodes(),
                    self.nodes().cloned().collect::<Vec<_>>(),
                    "seed {seed}: {node}"
                );
                assert!(!directory.in_transition(self.now), "seed {seed}");
                for owner in directory.owners(project, self.now) {
                    let found = self.nodes[&owner].directory.find_for_others(project, self.now);
                    let found: BTreeSet<_> = found
                        .into_iter()
                        .map(|row| (row.node, row.hosting.version, row.hosting.all))
                        .collect();
                    assert_eq!(found, truth, "seed {seed}: {project} at {owner}, asked by {node}");
                }
            }
            let any = self.nodes.values().next().expect("a node is up");
            let owners = any.directory.owners(project, self.now);
            rows +=
                hosts.keys().map(|host| owners.iter().filter(|owner| *owner != host).count()).sum::<usize>();
        }
        let held: usize = self.nodes.values().map(|process| process.directory.table_len()).sum();
        assert_eq!(held, rows, "seed {seed}: rows are held by owners only");
    }

    fn look_up(&self, directory: &Directory, project: &ProjectName) -> Vec<Row> {
        let owners = directory.owners(project, self.now);
        let alive = owners.iter().filter_map(|owner| self.nodes.get(owner));
        alive.flat_map(|process| process.directory.find_for_others(project, self.now)).collect()
    }

    fn start_as(&mut self, node: &NodeName) {
        let next_tick = self.now + self.millis(250);
        let directory = Directory::new(node.clone());
        let process = Process { directory, started: self.now, news: BTreeMap::new(), next_tick };
        let others: Vec<NodeName> = self.nodes.keys().cloned().collect();
        self.nodes.insert(node.clone(), process);
        self.spread_news(node, true, 3_000);
        for of in others {
            let number = self.number();
            let at = self.now + self.millis(STARTED.as_millis() as u32);
            self.push(at, Event::News { at: node.clone(), of, up: true, number, sent: self.now });
        }
    }

    fn spread_news(&mut self, of: &NodeName, up: bool, within_ms: u32) {
        let number = self.number();
        for at in self.nodes.keys().filter(|at| *at != of).cloned().collect::<Vec<_>>() {
            let time = self.now + self.millis(within_ms);
            self.push(time, Event::News { at, of: of.clone(), up, number, sent: self.now });
        }
    }

    fn host_project(&mut self, node: &NodeName, project: &ProjectName, hosting: Hosting) {
        let Some(process) = self.nodes.get_mut(node) else { return };
        let effects = process.directory.host(project, hosting.clone(), self.now);
        let hosts = self.truth.entry(project.clone()).or_default();
        if hosting.is_none() {
            hosts.remove(node);
        } else {
            hosts.insert(node.clone(), hosting);
        }
        self.send(node, effects);
    }

    fn tick(&mut self) {
        let now = self.now;
        let due = self.nodes.iter().filter(|(_, process)| process.next_tick <= now);
        for node in due.map(|(node, _)| node.clone()).collect::<Vec<_>>() {
            let Some(process) = self.nodes.get_mut(&node) else { continue };
            process.next_tick += TICK;
            let effects = process.directory.tick(now);
            self.send(&node, effects);
        }
    }

    fn send(&mut self, from: &NodeName, effects: Vec<Effect>) {
        for effect in effects {
            let to = effect.to().clone();
            assert_ne!(*from, to, "seed {}", self.seed);
            let mut at = self.now + self.millis(500);
            if self.random.below(100) < self.network.loss {
                if self.random.below(2) == 0 {
                    self.push(at, Event::Failed { at: from.clone(), to });
                }
                continue;
            }
            if self.network.in_order {
                let last = self.last.entry((from.clone(), to)).or_default();
                at = at.max(*last);
                *last = at;
            }
            self.push(at, Event::Message { from: from.clone(), effect });
        }
    }

    fn happen(&mut self, event: Event) {
        let now = self.now;
        match event {
            Event::Message { from, effect } => self.deliver(from, effect),
            Event::Answer { at, to, ok } => {
                if let Some(process) = self.nodes.get_mut(&at) {
                    process.directory.renewal(&to, ok);
                }
            }
            Event::Failed { at, to } => {
                if let Some(process) = self.nodes.get_mut(&at) {
                    process.directory.failed(&to);
                }
            }
            Event::News { at, of, up, number, sent } => {
                let Some(process) = self.nodes.get_mut(&at) else { return };
                let known = process.news.entry(of.clone()).or_default();
                if *known > number || sent < process.started {
                    return;
                }
                *known = number;
                let directory = &mut process.directory;
                let effects = if up { directory.node_up(of, now) } else { directory.node_down(&of, now) };
                self.send(&at, effects);
            }
        }
    }

    fn deliver(&mut self, from: NodeName, effect: Effect) {
        let now = self.now;
        let to = effect.to().clone();
        let back = now + self.millis(300);
        let Some(process) = self.nodes.get_mut(&to) else {
            return self.push(back, Event::Failed { at: from, to });
        };
        match effect {
            Effect::Announce { rows, .. } => _ = process.directory.announced(&from, rows, now),
            Effect::Sync { rows, .. } => _ = process.directory.synced(&from, rows, now),
            Effect::Renew { digest, .. } => {
                let ok = process.directory.renewed(&from, digest, now);
                self.push(back, Event::Answer { at: from, to, ok });
            }
        }
    }

    fn push(&mut self, at: Duration, event: Event) {
        let number = self.number();
        self.events.insert((at, number), event);
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn millis(&mut self, below: u32) -> Duration {
        Duration::from_millis(u64::from(self.random.below(below)))
    }
}
