//! What a node's `/metrics` says, taken apart.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::get;

/// One scrape.
#[derive(Debug, Default)]
pub struct Scrape {
    /// Kind and help of each metric, by name.
    pub described: BTreeMap<String, (String, String)>,
    /// Every sample; those of a histogram by their own names.
    pub samples: Vec<Sample>,
}

/// One line of numbers.
#[derive(Debug)]
pub struct Sample {
    /// With the suffix that a histogram's samples have.
    pub name: String,
    /// By name.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

impl Scrape {
    /// What the node with this admin port says now.
    pub async fn of(admin: SocketAddr) -> Self {
        let reply = get(admin, "/metrics").await.expect("the admin port answers");
        assert_eq!(reply.status, 200);
        Self::parse(std::str::from_utf8(&reply.body).expect("metrics are text"))
    }

    /// Takes Prometheus text apart; panics where it is none.
    pub fn parse(text: &str) -> Self {
        let mut scrape = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').expect("help has words");
                scrape.described.entry(name.to_owned()).or_default().1 = help.to_owned();
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a type has a name");
                scrape.described.entry(name.to_owned()).or_default().0 = kind.to_owned();
            } else {
                scrape.samples.push(Sample::parse(line));
            }
        }
        scrape
    }

    /// The sum of the samples of `name` that have all of `labels`.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |sample: &&Sample| {
            sample.name == name
                && labels.iter().all(|(label, value)| sample.labels.get(*label).is_some_and(|is| is == value))
        };
        let found: Vec<_> = self.samples.iter().filter(has).map(|sample| sample.value).collect();
        assert!(!found.is_empty(), "there is no {name} with {labels:?}");
        found.iter().sum()
    }

    /// The metrics that there are samples of.
    pub fn names(&self) -> BTreeSet<&str> {
        self.samples.iter().map(|sample| self.metric_of(sample)).collect()
    }

    /// The metric that a sample is one of: a histogram's samples have suffixes.
    pub fn metric_of<'a>(&self, sample: &'a Sample) -> &'a str {
        let histogram = |name: &&str| self.described.get(*name).is_some_and(|(kind, _)| kind == "histogram");
        ["_bucket", "_sum", "_count"]
            .into_iter()
            .find_map(|suffix| sample.name.strip_suffix(suffix).filter(histogram))
            .unwrap_or(&sample.name)
    }
}

impl Sample {
    fn parse(line: &str) -> Self {
        let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.strip_suffix('}').expect("labels end");
        let label = |label: &str| {
            let (name, value) = label.split_once('=').expect("a label has a value");
            (name.to_owned(), value.trim_matches('"').to_owned())
        };
        Self {
            name: name.to_owned(),
            labels: labels.split(',').filter(|label| !label.is_empty()).map(label).collect(),
            value: value.parse().expect("a value is a number"),
        }
    }
}
