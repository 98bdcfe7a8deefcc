//! The busiest projects of the last minute, by sketches of ten seconds each (Misra and Gries'): however many projects
//! there are, a few hundred are remembered. Where there are more, counts are too low, by less than a hundredth of all.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crowd_protocol::ProjectName;

/// Projects that are told.
pub const BUSIEST: usize = 64;
/// Projects that one sketch counts at once.
const PLACES: usize = 128;
/// Sketches, and the seconds of each.
const SKETCHES: usize = 6;
const SKETCH_S: u64 = 10;

/// A project, and about what went out of it within the last minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusyProject {
    /// Its name.
    pub project: ProjectName,
    /// Sessioncasts answered.
    pub answers: u64,
    /// Their bytes.
    pub bytes: u64,
}

#[derive(Debug, Default)]
pub(super) struct Busiest(Mutex<[Sketch; SKETCHES]>);

#[derive(Debug, Default)]
struct Sketch {
    /// Which ten seconds it is of.
    turn: u64,
    counts: HashMap<ProjectName, Count>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    answers: u64,
    bytes: u64,
}

impl Busiest {
    /// `age` never goes back, and says when.
    pub(super) fn add(&self, project: &ProjectName, bytes: u64, age: Duration) {
        let turn = age.as_secs() / SKETCH_S;
        let sketch = &mut self.lock()[turn as usize % SKETCHES];
        if sketch.turn < turn {
            sketch.counts.clear();
            sketch.turn = turn;
        }
        sketch.add(project, bytes);
    }

    pub(super) fn read(&self, age: Duration) -> Vec<BusyProject> {
        let turn = age.as_secs() / SKETCH_S;
        let mut sums: HashMap<ProjectName, Count> = HashMap::new();
        for sketch in self.lock().iter().filter(|sketch| sketch.turn + SKETCHES as u64 > turn) {
            for (project, count) in &sketch.counts {
                let sum = sums.entry(project.clone()).or_default();
                sum.answers += count.answers;
                sum.bytes += count.bytes;
            }
        }
        let mut busiest: Vec<_> = sums
            .into_iter()
            .map(|(project, Count { answers, bytes })| BusyProject { project, answers, bytes })
            .collect();
        busiest.sort_by(|a, b| (b.answers, &a.project).cmp(&(a.answers, &b.project)));
        busiest.truncate(BUSIEST);
        busiest
    }

    fn lock(&self) -> MutexGuard<'_, [Sketch; SKETCHES]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sketch {
    fn add(&mut self, project: &ProjectName, bytes: u64) {
        if let Some(count) = self.counts.get_mut(project) {
            count.answers += 1;
            count.bytes += bytes;
            return;
        }
        if self.counts.len() < PLACES {
            self.counts.insert(project.clone(), Count { answers: 1, bytes });
            return;
        }
        // Where there is no place everybody loses one, and who has none left goes: so it costs no more than counting,
        // and whoever is really busy stays.
        self.counts.retain(|_, count| {
            count.answers -= 1;
            count.answers > 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busy_are_found_among_thousands_and_forgotten_after_a_minute() {
        let (busiest, name) = (Busiest::default(), |i: u32| ProjectName::parse(&format!("p{i}")).unwrap());
        for round in 0..5_000 {
            busiest.add(&name(round % 3), 10, Duration::from_secs(5));
            busiest.add(&name(10 + round), 10, Duration::from_secs(5));
        }
        let found = busiest.read(Duration::from_secs(6));
        let mut top: Vec<_> = found[..3].iter().map(|busy| busy.project.clone()).collect();
        top.sort();
        assert_eq!(top, [name(0), name(1), name(2)]);
        let error = 10_000 / PLACES as u64;
        assert!((1_667 - error..=1_667).contains(&found[0].answers), "{:?}", found[0]);
        assert!(found[0].bytes >= 16_660, "{:?}", found[0]);
        assert!(found.len() <= BUSIEST);
        busiest.add(&name(7), 1, Duration::from_secs(59));
        assert_eq!(busiest.read(Duration::from_secs(59))[0].project, name(0));
        assert_eq!(busiest.read(Duration::from_secs(61)).len(), 1);
        assert!(busiest.read(Duration::from_secs(200)).is_empty());
    }
}
