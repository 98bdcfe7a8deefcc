//! What is said of a metric, and how its series come to be.

use metrics::{Label, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows; its rate is what matters.
    Counter,
    /// As it is now.
    Gauge,
    /// How many observations lie below each bound.
    Histogram,
}

impl Kind {
    /// As Prometheus calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A label and every value that it may have; none listed where the process says it once, at its start.
pub type LabelValues = (&'static str, &'static [&'static str]);

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    /// Its name, unit last.
    pub name: &'static str,
    /// Counter, gauge or histogram.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [LabelValues],
    /// What it says, as one sentence for people.
    pub help: &'static str,
}

impl Described {
    /// Describes it, and makes each of its series, so that a rate over it has a first value.
    pub(super) fn register(&self) {
        let Self { name, kind, help, .. } = *self;
        match kind {
            Kind::Counter => describe_counter!(name, help),
            Kind::Gauge => describe_gauge!(name, help),
            Kind::Histogram => describe_histogram!(name, help),
        }
        for labels in self.series() {
            match kind {
                Kind::Counter => counter!(name, labels).increment(0),
                Kind::Gauge => gauge!(name, labels).set(0.0),
                Kind::Histogram => drop(histogram!(name, labels)),
            }
        }
    }

    /// The labels of each series: every combination of values. None where some are said only at the start.
    fn series(&self) -> Vec<Vec<Label>> {
        self.labels.iter().fold(vec![Vec::new()], |series, (label, values)| {
            let with = |labels: &Vec<Label>, value| {
                labels.iter().cloned().chain([Label::from_static_parts(label, value)]).collect()
            };
            series.iter().flat_map(|labels| values.iter().map(move |value| with(labels, value))).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_of_labels_is_a_series() {
        let of = |labels| Described { name: "m", kind: Kind::Counter, labels, help: "" }.series();
        assert_eq!(of(&[]), [vec![]]);
        let pairs = of(&[("a", &["1", "2"]), ("b", &["3", "4", "5"])]);
        assert_eq!(pairs.len(), 6);
        let label = Label::from_static_parts;
        assert!(pairs.contains(&vec![label("a", "2"), label("b", "3")]));
        assert!(of(&[("said_at_the_start", &[])]).is_empty());
    }
}
