//! The table of peers: what each operation does, and random ones against a model that is too simple to be wrong.

use std::collections::{BTreeMap, BTreeSet};

use crowd_protocol::BitField;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time::advance;

use super::*;

const OLDER: Duration = Duration::from_secs(OLDER_VERSION_S);

#[tokio::test(start_paused = true)]
async fn the_version_before_is_answerable_for_sixty_seconds_and_then_no_longer() {
    let (table, peer) = (PeerTable::default(), peer("a"));
    table.host(&peer, &site(), 1, Have::All);
    table.host(&peer, &site(), 2, Have::All);
    advance(OLDER / 2).await;
    table.host(&peer, &site(), 3, Have::All);
    assert_eq!(picked(&table, 1), Some(1));
    advance(OLDER / 2 - Duration::from_millis(1)).await;
    assert_eq!(picked(&table, 1), Some(1));
    advance(Duration::from_millis(1)).await;
    // Whether or not it was tidied up yet.
    assert_eq!((picked(&table, 1), picked(&table, 2), picked(&table, 3)), (None, Some(2), Some(3)));
    assert_eq!(table.versions(&site()), [3, 2, 1]);
    table.expire(&peer, &site(), Instant::now());
    assert_eq!(table.versions(&site()), [3, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_hosts_ever_newer_versions_keeps_a_bounded_number_of_older_ones() {
    let (table, peer) = (PeerTable::default(), peer("a"));
    for version in 1..100 {
        table.host(&peer, &site(), version, Have::All);
    }
    assert_eq!(table.versions(&site()).len(), 1 + MAX_OLDER);
    assert!(table.unhost(&peer, &site()));
    assert!(table.versions(&site()).is_empty() && table.followed().is_empty());
}

#[test]
fn who_has_uploaded_enough_is_not_picked() {
    let (table, spent, other) = (PeerTable::default(), peer("spent"), peer("other"));
    table.host(&spent, &site(), 1, Have::All);
    spent.set_spent(true);
    assert_eq!(picked(&table, 1), None);
    table.host(&other, &site(), 1, Have::All);
    for _ in 0..20 {
        let (found, _) = table.pick(&site(), 1, &|_, _| true, &[]).unwrap();
        assert_eq!(found.id(), other.id());
    }
    spent.set_spent(false);
    assert!(table.pick(&site(), 1, &|_, _| true, &[other.id().clone()]).is_some());
}

#[test]
fn more_chunks_are_taken_for_what_is_hosted_only() {
    let (table, peer, other) = (PeerTable::default(), peer("a"), peer("b"));
    assert!(!table.add_chunks(&peer, &site(), 1, &[0]));
    table.host(&peer, &site(), 1, bits(&[]));
    assert!(!table.add_chunks(&peer, &site(), 2, &[0]));
    assert!(!table.add_chunks(&other, &site(), 1, &[0]));
    // Numbers past the end are ignored.
    assert!(table.add_chunks(&peer, &site(), 1, &[3, 4_000_000_000]));
    assert_eq!(table.hosted(&peer, &site()), Some((1, bits(&[3]))));
}

#[test]
fn hosting_is_watching_until_unhost_unless_watch_was_asked() {
    let (table, host, watcher) = (PeerTable::default(), peer("host"), peer("watcher"));
    table.host(&host, &site(), 1, Have::All);
    table.host(&watcher, &site(), 1, Have::All);
    table.watch(&watcher, &site(), 1);
    assert!(table.unhost(&host, &site()) && table.unhost(&watcher, &site()));
    assert!(!table.unhost(&host, &site()), "it did not any more");
    assert!(!table.involves(&host, &site()) && table.involves(&watcher, &site()));
    table.updated(&site(), 2);
    assert_eq!((host.notices.len(), watcher.notices.len()), (0, 1));
}

#[test]
fn each_newer_version_is_told_once_and_not_to_who_hosts_it() {
    let (table, old, new) = (PeerTable::default(), peer("old"), peer("new"));
    table.host(&old, &site(), 1, Have::All);
    table.host(&new, &site(), 2, Have::All);
    for _ in 0..2 {
        table.updated(&site(), 2);
    }
    assert_eq!((old.notices.len(), new.notices.len()), (1, 0));
    table.updated(&site(), 3);
    assert_eq!((old.notices.len(), new.notices.len()), (2, 1));
}

#[test]
fn a_publisher_whose_release_lost_is_told_of_the_one_that_won() {
    let (table, publisher) = (PeerTable::default(), peer("publisher"));
    table.host(&publisher, &site(), 1, Have::All);
    // Hosted before it is committed; another release of the same version is, meanwhile.
    table.host(&publisher, &site(), 2, Have::All);
    table.updated(&site(), 2);
    assert_eq!(publisher.notices.len(), 0);
    table.host(&publisher, &site(), 1, Have::All);
    table.tell(&publisher, &site(), 2);
    assert_eq!(publisher.notices.len(), 1);
    table.updated(&site(), 2);
    assert_eq!(publisher.notices.len(), 1);
}

#[test]
fn two_idle_hosts_are_better_than_one_that_failed() {
    let table = PeerTable::default();
    let peers: Vec<_> = (0..3).map(|number| peer(&number.to_string())).collect();
    peers.iter().for_each(|peer| table.host(peer, &site(), 1, Have::All));
    peers[0].responder.failed();
    for _ in 0..50 {
        let (picked, _) = table.pick(&site(), 1, &|_, _| true, &[]).unwrap();
        assert_ne!(picked.id(), peers[0].id());
    }
    let asked: Vec<_> = peers[1..].iter().map(|peer| peer.id().clone()).collect();
    assert_eq!(table.pick(&site(), 1, &|_, _| true, &asked).unwrap().0.id(), peers[0].id());
}

#[tokio::test(start_paused = true)]
async fn random_operations_leave_what_a_simple_model_says() {
    let first: u64 = rand::random_range(0..1_000_000);
    for seed in first..first + 40 {
        let (table, mut model) = (PeerTable::default(), Model::default());
        let mut random = StdRng::seed_from_u64(seed);
        let peers: Vec<_> = (0..12).map(|number| peer(&number.to_string())).collect();
        for step in 0..250 {
            let peer = &peers[random.random_range(0..peers.len())];
            model.act(&table, peer, &mut random).await;
            model.compare(&table, &peers, &format!("seed {seed}, step {step}"));
        }
        for peer in &peers {
            table.forget(peer, &site());
        }
        assert!(table.followed().is_empty(), "seed {seed}: something is left over");
    }
}

/// What a peer hosts, and what it hosted before, each until when.
type Hosted = (u64, Have, Vec<(u64, Have, Instant)>);

/// What each peer hosts now and hosted before, and who asked to watch.
#[derive(Default)]
struct Model {
    hosts: BTreeMap<String, Hosted>,
    watchers: BTreeSet<String>,
}

impl Model {
    async fn act(&mut self, table: &PeerTable, peer: &Arc<Peer>, random: &mut StdRng) {
        let (id, version) = (peer.id().to_string(), random.random_range(1..6));
        match random.random_range(0..10) {
            0..=3 => {
                let have = if random.random() { Have::All } else { bits(&[random.random_range(0..8)]) };
                table.host(peer, &site(), version, have.clone());
                let mut older = Vec::new();
                if let Some((before, had, rest)) = self.hosts.remove(&id) {
                    if before != version {
                        older.push((before, had, Instant::now() + OLDER));
                    }
                    older.extend(rest.into_iter().filter(|(old, ..)| *old != before));
                    older.retain(|(old, ..)| *old != version);
                }
                self.hosts.insert(id, (version, have, older));
            }
            4 => {
                let chunk = random.random_range(0..8);
                let taken = table.add_chunks(peer, &site(), version, &[chunk]);
                let host = self.hosts.get_mut(&id);
                let have = host.and_then(|(hosted, have, older)| match *hosted == version {
                    true => Some(have),
                    false => older.iter_mut().find(|(old, ..)| *old == version).map(|(_, have, _)| have),
                });
                let taken_here = match have {
                    Some(Have::Bits(field)) => {
                        field.set(chunk);
                        true
                    }
                    _ => false,
                };
                assert_eq!(taken, taken_here);
            }
            5 => assert_eq!(table.unhost(peer, &site()), self.hosts.remove(&id).is_some()),
            6 => {
                table.watch(peer, &site(), 0);
                self.watchers.insert(id);
            }
            7 => {
                assert_eq!(table.forget(peer, &site()), self.hosts.remove(&id).is_some());
                self.watchers.remove(&id);
            }
            8 => {
                table.expire(peer, &site(), Instant::now());
                if let Some((_, _, older)) = self.hosts.get_mut(&id) {
                    older.retain(|(_, _, until)| Instant::now() < *until);
                }
            }
            _ => advance(Duration::from_secs(random.random_range(0..40))).await,
        }
    }

    fn compare(&self, table: &PeerTable, peers: &[Arc<Peer>], at: &str) {
        let hosting = table.hosting(&site());
        let newest = self.hosts.values().map(|(version, ..)| *version).max().unwrap_or_default();
        let all = self.hosts.values().filter(|(version, have, _)| *version == newest && *have == Have::All);
        let all = all.count() as u32;
        let told = (hosting.version, hosting.all, hosting.part);
        assert_eq!(told, (newest, all, self.hosts.len() as u32 - all), "{at}");
        assert_eq!(hosting.sample.len(), self.hosts.len().min(SAMPLE), "{at}");

        let versions: BTreeSet<u64> = self.hosts.values().flat_map(versions).collect();
        assert!(table.versions(&site()).into_iter().eq(versions.into_iter().rev()), "{at}");
        assert_eq!(table.projects().len(), usize::from(!self.hosts.is_empty()), "{at}");
        for peer in peers {
            let id = &**peer.id();
            let involved = self.hosts.contains_key(id) || self.watchers.contains(id);
            assert_eq!(table.involves(peer, &site()), involved, "{at}: {id}");
            let hosted = self.hosts.get(id).map(|(version, have, _)| (*version, have.clone()));
            assert_eq!(table.hosted(peer, &site()), hosted, "{at}: {id}");
        }
        for (version, chunk) in [(1, 0), (3, 7), (5, 2)] {
            self.compare_picks(table, version, chunk, at);
        }
    }

    /// Asks for one after the other until nobody is left: exactly those come that have it, each once.
    fn compare_picks(&self, table: &PeerTable, version: u64, chunk: u32, at: &str) {
        let has = |of: u64, have: &Have| of == version && have.has(chunk);
        let mut asked = Vec::new();
        while let Some((picked, under)) = table.pick(&site(), 1, &has, &asked) {
            assert_eq!(under, version, "{at}");
            asked.push(picked.id().clone());
        }
        let now = Instant::now();
        let have_it = self.hosts.iter().filter(|(_, (hosted, have, older))| {
            has(*hosted, have) || older.iter().any(|(old, have, until)| now < *until && has(*old, have))
        });
        let have_it: BTreeSet<&str> = have_it.map(|(id, _)| id.as_str()).collect();
        assert_eq!(asked.len(), have_it.len(), "{at}");
        assert!(asked.iter().all(|id| have_it.contains(&**id)), "{at}");
    }
}

fn versions((version, _, older): &Hosted) -> Vec<u64> {
    std::iter::once(*version).chain(older.iter().map(|(old, ..)| *old)).collect()
}

fn site() -> ProjectName {
    ProjectName::parse("site").expect("it is a name")
}

fn peer(id: &str) -> Arc<Peer> {
    Arc::new(Peer::new(id.into()))
}

/// A field over eight chunks.
fn bits(set: &[u32]) -> Have {
    let mut field = BitField::new(8);
    for chunk in set {
        field.set(*chunk);
    }
    Have::Bits(field)
}

/// The version under which some host has all that `version` lists.
fn picked(table: &PeerTable, version: u64) -> Option<u64> {
    table.pick(&site(), 1, &|of, _| of == version, &[]).map(|(_, under)| under)
}
