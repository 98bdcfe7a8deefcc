//! `data-src`: other places of what an element shows, tried in order where its own crowd address can't be had.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crowd_protocol::ProjectName;
use crowd_relay::Relay;
use futures_util::future::join_all;

use super::crowd_link::CrowdLink;
use super::links::Links;

/// Projects that one page may have looked up; what it names beyond them counts as absent.
const MAX_LOOKUPS: usize = 16;

/// What is known of the projects that a page's alternatives name.
#[derive(Debug, Default)]
pub(crate) struct Alternatives {
    projects: Mutex<HashMap<ProjectName, Known>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Known {
    NotYet,
    Published,
    Absent,
}

impl Alternatives {
    /// Notes that it has to be known whether `link`'s project is published.
    pub(crate) fn want(&self, links: &Links, link: &CrowdLink) {
        let Some(project) = links.local_project(link) else { return };
        let mut projects = self.lock();
        if projects.len() < MAX_LOOKUPS {
            projects.entry(project.clone()).or_insert(Known::NotYet);
        }
    }

    /// Asks the registry about what was noted. Without an answer a project counts as absent.
    pub(crate) async fn look_up(&self, relay: &Relay) {
        let open: Vec<_> = {
            let projects = self.lock();
            projects.iter().filter(|(_, known)| **known == Known::NotYet).map(|(p, _)| p.clone()).collect()
        };
        let found = open.into_iter().map(|project| async {
            let known = if relay.record(&project).await.is_ok() { Known::Published } else { Known::Absent };
            (project, known)
        });
        let found = join_all(found).await;
        self.lock().extend(found);
    }

    /// The first of an element's places that can be had: `own`, then what `list` says. Whether another server has a
    /// project can't be told from here, so it comes after what this cluster has.
    pub(crate) fn choose(&self, links: &Links, own: Option<CrowdLink>, list: &str) -> Option<CrowdLink> {
        let places: Vec<CrowdLink> = own.into_iter().chain(places(list)).collect();
        let projects = self.lock();
        let published = |link: &&CrowdLink| {
            let project = links.local_project(link);
            project.is_some_and(|project| projects.get(project) == Some(&Known::Published))
        };
        let elsewhere = |link: &&CrowdLink| links.local_project(link).is_none();
        let chosen = places.iter().find(published).or_else(|| places.iter().find(elsewhere));
        chosen.or(places.first()).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ProjectName, Known>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The crowd addresses of a `data-src`; pages use that attribute for other things too.
pub(crate) fn places(list: &str) -> impl Iterator<Item = CrowdLink> {
    list.split(',').filter_map(CrowdLink::parse)
}
