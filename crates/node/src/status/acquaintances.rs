//! The other nodes as this one knows them: what each said last, and since when those that are gone are gone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crowd_cluster::{Member, NodeReport};
use crowd_directory::NodeName;
use tokio::time::Instant;

/// Who is gone for longer is no longer shown.
const REMEMBERED: Duration = Duration::from_secs(600);
/// Nodes that are gone, at most; the longest gone are forgotten first.
const MOST_GONE: usize = 64;

/// The other nodes, here or gone.
#[derive(Debug, Default)]
pub(crate) struct Acquaintances(BTreeMap<NodeName, Acquaintance>);

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Acquaintance {
    pub(crate) public_url: Arc<str>,
    /// What it said last, and when.
    pub(crate) report: Option<(Instant, Arc<NodeReport>)>,
    /// Why it said nothing when it was asked last.
    pub(crate) silent: Option<String>,
    /// Since when it is no member any more.
    pub(crate) gone: Option<Instant>,
}

impl Acquaintance {
    /// True where it is here and said how it is when it was asked last.
    pub(crate) fn answers(&self) -> bool {
        self.gone.is_none() && self.silent.is_none() && self.report.is_some()
    }
}

impl Acquaintances {
    /// These are the members now, without the node itself.
    pub(crate) fn see<'m>(&mut self, members: impl Iterator<Item = &'m Member>, now: Instant) {
        let mut present: BTreeMap<&NodeName, &Member> =
            members.map(|member| (&member.name, member)).collect();
        for (name, known) in &mut self.0 {
            match present.remove(name) {
                Some(member) => {
                    known.public_url = member.public_url.clone();
                    known.gone = None;
                }
                None => _ = known.gone.get_or_insert(now),
            }
        }
        for (name, member) in present {
            let known = Acquaintance {
                public_url: member.public_url.clone(),
                report: None,
                silent: None,
                gone: None,
            };
            self.0.insert(name.clone(), known);
        }
        self.forget(now);
    }

    /// What one of them said, or why it said nothing.
    pub(crate) fn hear(&mut self, name: &NodeName, said: Result<NodeReport, String>, now: Instant) {
        let Some(known) = self.0.get_mut(name) else { return };
        match said {
            Ok(report) => (known.report, known.silent) = (Some((now, Arc::new(report))), None),
            Err(why) => known.silent = Some(why),
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&NodeName, &Acquaintance)> {
        self.0.iter()
    }

    fn forget(&mut self, now: Instant) {
        self.0.retain(|_, known| known.gone.is_none_or(|since| now.duration_since(since) < REMEMBERED));
        let mut gone: Vec<(Instant, NodeName)> =
            self.0.iter().filter_map(|(name, known)| Some((known.gone?, name.clone()))).collect();
        gone.sort_by(|a, b| b.cmp(a));
        for (_, name) in gone.into_iter().skip(MOST_GONE) {
            self.0.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> Member {
        Member { name: name.into(), incarnation: 1, address: "h:1".into(), public_url: "u".into() }
    }

    #[tokio::test(start_paused = true)]
    async fn who_goes_is_remembered_for_a_while_and_forgotten_then() {
        let (mut known, now) = (Acquaintances::default(), Instant::now());
        let (a, b) = (member("a"), member("b"));
        known.see([&a, &b].into_iter(), now);
        known.hear(&b.name, Err("no answer".into()), now);
        known.hear(&"stranger".into(), Err("no answer".into()), now);
        known.see([&a].into_iter(), now + Duration::from_secs(1));
        known.see([&a].into_iter(), now + Duration::from_secs(2));
        let gone: Vec<_> = known.all().map(|(name, known)| (name.to_string(), known.gone)).collect();
        assert_eq!(gone, [("a".into(), None), ("b".into(), Some(now + Duration::from_secs(1)))]);
        known.see([&a, &b].into_iter(), now + Duration::from_secs(3));
        assert!(known.all().all(|(_, known)| known.gone.is_none()), "it came back");
        known.see([&a].into_iter(), now + Duration::from_secs(4));
        known.see([&a].into_iter(), now + Duration::from_secs(4) + REMEMBERED);
        assert_eq!(known.all().count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn of_many_that_are_gone_the_latest_are_remembered() {
        let (mut known, now) = (Acquaintances::default(), Instant::now());
        for i in 0..100 {
            let one = member(&format!("n{i:03}"));
            known.see([&one].into_iter(), now + Duration::from_secs(i));
        }
        let names: Vec<_> = known.all().map(|(name, _)| name.to_string()).collect();
        assert_eq!(names.len(), MOST_GONE + 1);
        assert_eq!((names[0].as_str(), names[MOST_GONE].as_str()), ("n035", "n099"));
    }
}
