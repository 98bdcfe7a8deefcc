//! What the system says of this process: processor time, memory, descriptors. From `/proc`; zeros where there is none.

use std::fmt::Write;
use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Described, METRICS};

/// Ticks of the kernel's clock in a second, as it counts for processes: 100 on every architecture that Rust runs on.
const TICKS: f64 = 100.0;

/// A look at this process.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Process {
    /// Processor time since it started, in user and system mode.
    pub cpu_seconds: f64,
    /// Memory that is in use.
    pub resident_bytes: u64,
    /// Descriptors that are open; 0 where they were not counted.
    pub open_fds: u64,
    /// Descriptors that may be open; 0 where it is not known.
    pub max_fds: u64,
    /// Threads.
    pub threads: u64,
    /// When it started, in seconds of Unix time.
    pub started: f64,
}

impl Process {
    /// Looks now, at all but the open descriptors.
    pub fn read() -> Self {
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        let mut process =
            Self::of(&read("/proc/self/stat"), &read("/proc/self/status"), &read("/proc/self/limits"));
        // Between the start of the system and that of the process lie `started` seconds by now.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        process.started += boot(now, &read("/proc/uptime"));
        process
    }

    /// Counts the open descriptors too. Not for threads that serve: there may be a hundred thousand, one by one.
    pub(super) fn read_whole() -> Self {
        let open_fds = fs::read_dir("/proc/self/fd").map_or(0, |fds| fds.count() as u64);
        Self { open_fds, ..Self::read() }
    }

    /// True for the metrics that [`Process::render`] writes.
    pub(super) fn says(metric: &Described) -> bool {
        metric.name.starts_with("process_")
    }

    /// Its metrics as Prometheus text. Not by way of the recorder, whose counters are whole numbers: that is too coarse
    /// for processor time.
    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        for metric in METRICS.iter().filter(|metric| Self::says(metric)) {
            let Described { name, kind, help, .. } = metric;
            let value = match *name {
                "process_cpu_seconds_total" => self.cpu_seconds,
                "process_resident_memory_bytes" => self.resident_bytes as f64,
                "process_open_fds" => self.open_fds as f64,
                "process_max_fds" => self.max_fds as f64,
                "process_threads" => self.threads as f64,
                "process_start_time_seconds" => self.started,
                _ => continue,
            };
            let kind = kind.as_str();
            writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n")
                .expect("a string takes everything");
        }
        text
    }

    /// What these files say; `started` is counted from the start of the system.
    fn of(stat: &str, status: &str, limits: &str) -> Self {
        // The second field, in parentheses, is the name of the program, which may hold anything.
        let fields: Vec<&str> =
            stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        let ticks = |at: usize| {
            fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or_default() / TICKS
        };
        let line = |text: &str, key: &str, at: usize| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
            line.split_whitespace().nth(at).and_then(|number| number.parse().ok()).unwrap_or_default()
        };
        Self {
            cpu_seconds: ticks(11) + ticks(12),
            resident_bytes: line(status, "VmRSS:", 0) * 1024,
            open_fds: 0,
            max_fds: line(limits, "Max open files", 0),
            threads: line(status, "Threads:", 0),
            started: ticks(19),
        }
    }
}

/// When the system started, in seconds of Unix time; 0 where `uptime` does not say.
fn boot(now: Duration, uptime: &str) -> f64 {
    let up = uptime.split_whitespace().next().and_then(|up| up.parse::<f64>().ok());
    up.map_or(0.0, |up| now.as_secs_f64() - up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_process_are_read_whatever_its_name() {
        let stat =
            "7 (a) b) R 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 9 0 12345 1000 200 18446744073709551615";
        let status = "Name:\ta) b\nVmRSS:\t    2048 kB\nThreads:\t9\n";
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max open files            1024                 524288               files\n";
        let process = Process::of(stat, status, limits);
        let expected = Process {
            cpu_seconds: 3.0,
            resident_bytes: 2_097_152,
            open_fds: 0,
            max_fds: 1_024,
            threads: 9,
            started: 123.45,
        };
        assert_eq!(process, expected);
        assert_eq!(Process::of("", "", ""), Process::default());
        assert_eq!(boot(Duration::from_secs(1_000), "400.50 99.00\n"), 599.5);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory_and_descriptors_and_began_in_the_past() {
        assert_eq!(Process::read().open_fds, 0);
        let process = Process::read_whole();
        assert!(process.resident_bytes > 1 << 20 && process.open_fds > 2, "{process:?}");
        assert!(process.max_fds >= process.open_fds && process.threads > 0, "{process:?}");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        assert!(process.started > now - 3_600.0 && process.started < now + 2.0, "{process:?}");
    }
}
