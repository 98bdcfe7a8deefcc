//! What the admin port shows of this node and of the whole cluster. However many look, the others are asked once a second.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crowd_cluster::Reports;
use tokio::time::{Instant as Now, timeout};

use crate::parts::Parts;

use super::acquaintances::Acquaintances;
use super::fresh::Fresh;
use super::overview::{Ingredients, Overview};
use super::portrait::Portrait;
use super::{Brief, RingMap};

/// An overview that is not older is shown again.
const KEEP: Duration = Duration::from_millis(900);
/// How long the registry may take to say how many names it has.
const NAMES: Duration = Duration::from_secs(1);

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Board(Arc<Inner>);

struct Inner {
    parts: Arc<Parts>,
    portrait: Arc<Portrait>,
    others: Mutex<Acquaintances>,
    overview: Fresh<Overview>,
}

impl Board {
    /// The board of a node that started then and keeps at most so many bytes in its cache.
    pub(crate) fn new(parts: Arc<Parts>, cache_limit: u64, started: Instant) -> Self {
        let portrait = Arc::new(Portrait::new(parts.clone(), cache_limit, started));
        let (others, overview) = (Mutex::default(), Fresh::new(KEEP));
        Self(Arc::new(Inner { parts, portrait, others, overview }))
    }

    /// The node's parts.
    pub(crate) fn parts(&self) -> &Parts {
        &self.0.parts
    }

    /// Says to other nodes how this one is.
    pub(crate) fn reports(&self) -> Arc<dyn Reports> {
        self.0.portrait.clone()
    }

    /// What this node knows by itself.
    pub(crate) async fn brief(&self) -> Brief {
        Brief::read(&self.0.parts, self.0.portrait.uptime_s()).await
    }

    /// The ring, to be drawn.
    pub(crate) fn ring(&self) -> RingMap {
        RingMap::of(&self.0.parts.cluster.ring())
    }

    /// The whole cluster.
    pub(crate) async fn overview(&self) -> Arc<Overview> {
        let board = self.clone();
        self.0.overview.get(|| Box::pin(async move { board.look().await })).await
    }

    /// Notes who comes and goes, for as long as it is polled: who is gone when somebody looks is to be seen too.
    pub(crate) async fn follow(&self) {
        let mut members = self.0.parts.cluster.members();
        loop {
            members.borrow_and_update();
            self.see();
            if members.changed().await.is_err() {
                return;
            }
        }
    }

    fn see(&self) {
        let members = self.0.parts.cluster.members().borrow().clone();
        let others = members.iter().filter(|member| member.name != self.0.parts.name);
        self.others().see(others, Now::now());
    }

    async fn look(&self) -> Overview {
        let Inner { parts, portrait, .. } = &*self.0;
        self.see();
        let names = timeout(NAMES, parts.relay.registry().len());
        let (said, names, mine) = tokio::join!(parts.cluster.survey(), names, portrait.report());
        let mut others = self.others();
        let now = Now::now();
        for (name, report) in said {
            others.hear(&name, report, now);
        }
        Overview::of(Ingredients {
            me: &parts.name,
            my_url: &parts.public_url,
            cluster: &parts.cluster_id,
            registry: parts.keeper(),
            names: names.ok().and_then(Result::ok),
            ring: &parts.cluster.ring(),
            mine,
            others: &others,
        })
    }

    fn others(&self) -> MutexGuard<'_, Acquaintances> {
        self.0.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
