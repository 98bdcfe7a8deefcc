//! The layer that writes a line for each event. It ignores spans, whose fields would otherwise be formatted for every
//! request that nobody logs anything about.

use std::io::{IsTerminal, Write};

use crowd_protocol::TraceParent;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use super::Format;
use super::fields::Fields;
use super::json::write_json;
use super::text::write_text;

type Sink = Box<dyn Fn(&str) + Send + Sync>;

/// Writes lines.
pub(crate) struct LogLines {
    format: Format,
    colours: bool,
    sink: Sink,
}

/// What a line says beside what the event says.
pub(crate) struct Context<'c> {
    pub(crate) time: &'c str,
    pub(crate) level: Level,
    pub(crate) target: &'c str,
    pub(crate) trace: Option<TraceParent>,
}

impl LogLines {
    /// To standard error, in colours where that is a terminal.
    pub(crate) fn to_stderr(format: Format) -> Self {
        // In one piece, so that lines of several threads do not mix. A log that can't be written is lost.
        let sink = |line: &str| drop(std::io::stderr().lock().write_all(line.as_bytes()));
        Self::new(format, std::io::stderr().is_terminal(), Box::new(sink))
    }

    fn new(format: Format, colours: bool, sink: Sink) -> Self {
        Self { format, colours, sink }
    }
}

impl<S: Subscriber> Layer<S> for LogLines {
    fn on_event(&self, event: &Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let mut time = String::new();
        if SystemTime.format_time(&mut Writer::new(&mut time)).is_err() {
            time.clear();
        }
        let metadata = event.metadata();
        let (level, target, trace) = (*metadata.level(), metadata.target(), crowd_trace::current());
        let context = Context { time: &time, level, target, trace };
        let mut line = String::with_capacity(256);
        match self.format {
            Format::Text => write_text(&mut line, &context, &Fields::of(event), self.colours),
            Format::Json => write_json(&mut line, &context, &Fields::of(event)),
        }
        line.push('\n');
        (self.sink)(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traces::LateSampler;
    use crowd_trace::{Asker, Door, decide_by};
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::EnvFilter;
    use tracing_subscriber::layer::SubscriberExt;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    /// What `log` makes of the lines, without the time.
    fn lines(format: Format, filter: &str, log: impl FnOnce()) -> Vec<String> {
        let written = Arc::new(Mutex::new(String::new()));
        let sink = {
            let written = written.clone();
            move |line: &str| written.lock().unwrap().push_str(line)
        };
        let lines = LogLines::new(format, false, Box::new(sink)).with_filter(EnvFilter::new(filter));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), log);
        let written = written.lock().unwrap();
        written.lines().map(str::to_owned).collect()
    }

    fn without_time(line: &str) -> &str {
        let (time, rest) = line.split_once(' ').unwrap();
        assert!(time.ends_with('Z') && time.contains('T'), "{line}");
        rest
    }

    #[test]
    fn a_line_of_text_is_time_level_event_and_fields() {
        let lines = lines(Format::Text, "info", || {
            tracing::info!(node = "b", up = 2, ok = true, seeds = ?["a"], "cluster.node_up");
            tracing::debug!("not.asked_for");
            tracing::warn!(error = %"no route", empty = "", "link.closed");
        });
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(without_time(&lines[0]), r#" INFO cluster.node_up node=b up=2 ok=true seeds="[\"a\"]""#);
        assert_eq!(without_time(&lines[1]), r#" WARN link.closed error="no route" empty="""#);
    }

    #[test]
    fn nobody_writes_a_line_of_their_own_by_a_value() {
        let forged = "x\n2026-01-01T00:00:00Z ERROR registry.lost";
        for format in [Format::Text, Format::Json] {
            let lines = lines(format, "info", || tracing::info!(path = forged, "{}", forged));
            assert_eq!(lines.len(), 1, "{lines:?}");
        }
    }

    #[test]
    fn a_line_of_json_has_stable_keys_and_numbers_stay_numbers() {
        let lines = lines(Format::Json, "info", || {
            tracing::warn!(level = "mine", size = 3_u64, ratio = 0.5, ok = false, "http.cut \"short\"");
        });
        let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(line["level"], "warn");
        assert_eq!(line["event"], "http.cut \"short\"");
        assert_eq!(line["level_"], "mine");
        assert_eq!((&line["size"], &line["ratio"], &line["ok"]), (&3.into(), &0.5.into(), &false.into()));
        assert!(line["time"].is_string() && line["target"].is_string());
        assert!(line.get("trace_id").is_none());
    }

    #[test]
    fn what_happens_to_a_request_names_its_trace_even_where_that_is_not_recorded() {
        decide_by(LateSampler::default());
        let parent = TraceParent::parse(&format!("00-{TRACE}-b7ad6b7169203331-00"));
        for format in [Format::Text, Format::Json] {
            let lines = lines(format, "warn", || {
                let door = Door::open(parent, Asker::Member, || unreachable!("it is not recorded"));
                let behind = door.enter();
                tracing::warn!("in.it");
                drop(behind);
                tracing::warn!("outside");
            });
            assert!(lines[0].contains("trace_id") && lines[0].contains(TRACE), "{lines:?}");
            assert!(!lines[1].contains("trace_id"), "{lines:?}");
        }
    }
}
