//! Which traces are recorded: decided once, where a request comes in, and followed by everything behind that.

use std::sync::{Arc, OnceLock};

use crowd_protocol::TraceParent;
use crowd_trace::{Asker, Sample};

use super::bucket::Bucket;

/// One in so many of what comes in; and of what strangers want recorded, so many a second. By the dice rather than by
/// the trace's id, which strangers choose.
#[derive(Debug)]
pub(crate) struct HeadSampler {
    ratio: f64,
    strangers: Bucket,
}

impl HeadSampler {
    /// `ratio` is from 0 to 1, `strangers` a second.
    pub(crate) fn new(ratio: f64, strangers: u32) -> Self {
        Self { ratio, strangers: Bucket::new(strangers) }
    }

    fn draws(&self) -> bool {
        self.ratio > 0.0 && rand::random::<f64>() < self.ratio
    }
}

impl Sample for HeadSampler {
    fn records(&self, parent: Option<TraceParent>, asker: Asker) -> bool {
        match (parent, asker) {
            (Some(parent), Asker::Member) => parent.is_sampled(),
            (Some(parent), Asker::Stranger) => self.draws() || (parent.is_sampled() && self.strangers.take()),
            (None, _) => self.draws(),
        }
    }
}

/// Until it is known what is to be recorded, what another part of the cluster records goes on being so, and nothing
/// begins to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct LateSampler(Arc<OnceLock<HeadSampler>>);

impl LateSampler {
    /// The first time counts.
    pub(crate) fn set(&self, sampler: HeadSampler) {
        let _ = self.0.set(sampler);
    }
}

impl Sample for LateSampler {
    fn records(&self, parent: Option<TraceParent>, asker: Asker) -> bool {
        match self.0.get() {
            Some(sampler) => sampler.records(parent, asker),
            None => asker == Asker::Member && parent.is_some_and(|parent| parent.is_sampled()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of a thousand are recorded.
    fn recorded(ratio: f64, strangers: u32, flags: Option<&str>, asker: Asker) -> usize {
        let sampler = HeadSampler::new(ratio, strangers);
        let parent = flags.map(|flags| {
            let text = format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
            TraceParent::parse(&text).unwrap()
        });
        (0..1_000).filter(|_| sampler.records(parent, asker)).count()
    }

    #[test]
    fn a_member_has_decided_already() {
        assert_eq!(recorded(0.0, 0, Some("01"), Asker::Member), 1_000);
        assert_eq!(recorded(1.0, 1_000, Some("00"), Asker::Member), 0);
    }

    #[test]
    fn a_stranger_has_so_many_recorded_and_no_more() {
        // A thousand requests take less than the second after which there would be more. Each is charged, though all of
        // them are of one trace.
        let by_strangers = recorded(0.0, 10, Some("01"), Asker::Stranger);
        assert!((10..40).contains(&by_strangers), "{by_strangers}");
        assert_eq!(recorded(0.0, 10, Some("00"), Asker::Stranger), 0);
        assert_eq!(recorded(0.0, 0, Some("01"), Asker::Stranger), 0);
    }

    #[test]
    fn what_nobody_decided_is_recorded_by_the_ratio_and_so_is_what_strangers_send() {
        for flags in [None, Some("00"), Some("01")] {
            assert_eq!(recorded(1.0, 0, flags, Asker::Stranger), 1_000, "{flags:?}");
            assert_eq!(recorded(0.0, 0, flags, Asker::Stranger), 0, "{flags:?}");
            let half = recorded(0.5, 0, flags, Asker::Stranger);
            assert!((350..650).contains(&half), "{flags:?}: {half} of a thousand at one in two");
        }
    }
}
