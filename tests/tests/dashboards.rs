//! What is written about metrics holds: the table, the dashboard and the alerts name metrics that there are, and every
//! counted metric is listed.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crowd_telemetry::{Described, Kind, METRICS};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it is a member").to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The table is written by this test where `WRITE_METRICS_TABLE` is set.
#[test]
fn the_table_says_what_is_exported_and_who_looks_at_it() {
    let (path, text) = ("crates/telemetry/METRICS.md", read("crates/telemetry/METRICS.md"));
    let (before, table) = text.split_once("| metric |").expect("there is a table");
    let expected = table_of(METRICS);
    if std::env::var_os("WRITE_METRICS_TABLE").is_some() {
        std::fs::write(workspace().join(path), format!("{before}{expected}")).unwrap();
        return;
    }
    let found = format!("| metric |{table}");
    let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert!(
        found == expected,
        "{path} is behind; run `WRITE_METRICS_TABLE=1 tests/run the_table_says`. It differs at {differs:?}"
    );
}

#[test]
fn every_metric_that_is_counted_is_listed_and_every_listed_one_counted() {
    let mut counted = BTreeSet::new();
    sources(&workspace().join("crates"), &mut |source| {
        for call in ["counter!(", "gauge!(", "histogram!("] {
            for after in source.split(call).skip(1) {
                let name = after.trim_start().strip_prefix('"').and_then(|name| name.split('"').next());
                counted.extend(name.map(str::to_owned));
            }
        }
    });
    let listed: BTreeSet<_> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
    let unlisted: Vec<_> = counted.difference(&listed).collect();
    assert!(unlisted.is_empty(), "counted, and not in crates/telemetry/src/metrics/list.rs: {unlisted:?}");
    let idle = listed.difference(&counted).filter(|name| !name.starts_with("process_"));
    let idle: Vec<_> = idle.collect();
    assert!(idle.is_empty(), "listed, and counted nowhere: {idle:?}");
}

#[test]
fn the_dashboard_and_the_alerts_name_metrics_and_labels_that_there_are() {
    for (file, expressions) in [
        ("deploy/grafana/crowd.json", panels().into_iter().map(|panel| panel.expression).collect()),
        (ALERTS, alerts().into_iter().map(|alert| alert.text).collect::<Vec<_>>()),
        ("deploy/prometheus/alerts.test.yaml", vec![read("deploy/prometheus/alerts.test.yaml")]),
    ] {
        for (name, labels) in expressions.iter().flat_map(|text| selectors(text)) {
            let metric = metric_of(&name).unwrap_or_else(|| panic!("{file}: there is no metric {name}"));
            for (label, value) in labels {
                if ["job", "instance", "le"].contains(&&*label) {
                    continue;
                }
                let values = metric.labels.iter().find(|(known, _)| *known == label);
                let (_, values) = values.unwrap_or_else(|| panic!("{file}: {name} has no label {label}"));
                for value in value.split('|') {
                    assert!(values.contains(&value), "{file}: {label} of {name} is never {value}");
                }
            }
        }
    }
}

#[test]
fn every_panel_says_what_it_shows() {
    let panels = panels();
    assert!(panels.len() > 20);
    for Panel { title, description, expression } in panels {
        assert!(!description.is_empty(), "{title}");
        assert!(expression.contains("$job") && expression.contains("$node"), "{title}: {expression}");
    }
}

#[test]
fn every_alert_has_its_runbook_and_its_test() {
    let (readme, tests) = (read("deploy/README.md"), read("deploy/prometheus/alerts.test.yaml"));
    let headings: Vec<String> = readme.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
    for Alert { name, text } in alerts() {
        let runbook = text.lines().find_map(|line| line.trim().strip_prefix("runbook: deploy/README.md#"));
        let runbook = runbook.unwrap_or_else(|| panic!("{name} has no runbook"));
        assert!(headings.iter().any(|heading| heading == runbook), "{name}: no heading #{runbook}");
        let fires = tests.split("alertname: ").skip(1).any(|test| {
            test.starts_with(&format!("{name}\n"))
                && test.lines().nth(1).is_some_and(|line| line.ends_with("exp_alerts:"))
        });
        assert!(fires, "{name} fires in no test");
    }
}

#[test]
fn the_alerts_fire_on_what_they_are_for() {
    for arguments in [
        ["check", "config", "deploy/prometheus/prometheus.yaml"],
        ["check", "rules", ALERTS],
        ["test", "rules", "deploy/prometheus/alerts.test.yaml"],
    ] {
        let ran = Command::new("promtool").args(arguments).current_dir(workspace()).output();
        let ran = ran.expect("promtool is installed, by tests/setup: it is in Debian's package prometheus");
        let said = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "promtool {}:\n{said}", arguments.join(" "));
    }
}

const ALERTS: &str = "deploy/prometheus/alerts.yaml";

struct Alert {
    name: String,
    /// All of its lines.
    text: String,
}

fn alerts() -> Vec<Alert> {
    let file = read(ALERTS);
    let alert = |text: &str| {
        let name = text.lines().next().unwrap_or_default().to_owned();
        Alert { name, text: text.split("\n  - name:").next().unwrap_or_default().to_owned() }
    };
    let alerts: Vec<_> = file.split("- alert: ").skip(1).map(alert).collect();
    assert!(!alerts.is_empty());
    alerts
}

struct Panel {
    title: String,
    description: String,
    /// All of its expressions.
    expression: String,
}

fn panels() -> Vec<Panel> {
    let dashboard: serde_json::Value = serde_json::from_str(&read("deploy/grafana/crowd.json")).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let panels = dashboard["panels"].as_array().expect("a dashboard has panels").iter();
    let panel = |panel: &serde_json::Value| {
        let expressions = panel["targets"].as_array()?.iter().map(|target| text(&target["expr"]));
        Some(Panel {
            title: text(&panel["title"]),
            description: text(&panel["description"]),
            expression: expressions.collect::<Vec<_>>().join("\n"),
        })
    };
    panels.filter_map(panel).collect()
}

/// The metrics that a text names, each with the labels that it picks: `name{label="value", …}`.
fn selectors(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crowd_").chain(text.match_indices("process_")) {
        if text[..at].ends_with(word) {
            continue;
        }
        let end = text[at..].find(|c| !word(c)).map_or(text.len(), |length| at + length);
        let inside =
            text[end..].strip_prefix('{').and_then(|rest| rest.split('}').next()).unwrap_or_default();
        let label = |pair: &str| {
            let (label, value) = pair.split_once('=')?;
            let label = label.trim().trim_end_matches('!');
            Some((label.to_owned(), value.trim_start_matches('~').trim_matches('"').to_owned()))
        };
        found.push((text[at..end].to_owned(), inside.split(',').filter_map(label).collect()));
    }
    found
}

fn metric_of(name: &str) -> Option<&'static Described> {
    let named = |name: &str| METRICS.iter().find(|metric| metric.name == name);
    let suffixes = ["_bucket", "_sum", "_count"];
    let histogram = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix).and_then(named));
    histogram.filter(|metric| metric.kind == Kind::Histogram).or_else(|| named(name))
}

fn table_of(metrics: &[Described]) -> String {
    let mut table =
        "| metric | kind | labels | what it says | seen in |\n| --- | --- | --- | --- | --- |\n".to_owned();
    let (panels, alerts) = (panels(), alerts());
    for metric in metrics {
        let names = |text: &str| {
            selectors(text)
                .iter()
                .any(|(name, _)| metric_of(name).is_some_and(|named| named.name == metric.name))
        };
        let panels = panels.iter().filter(|panel| names(&panel.expression)).map(|panel| panel.title.clone());
        let alerts =
            alerts.iter().filter(|alert| names(&alert.text)).map(|alert| format!("`{}`", alert.name));
        let seen: Vec<_> = panels.chain(alerts).collect();
        assert!(!seen.is_empty(), "nobody looks at {}: leave it out, or show it", metric.name);
        let label = |(label, values): &(&str, &[&str])| match values.len() {
            0 => format!("`{label}`"),
            _ => format!("`{label}`: {}", values.join(", ")),
        };
        let labels: Vec<_> = metric.labels.iter().map(label).collect();
        let Described { name, help, kind, .. } = metric;
        let (labels, seen) = (labels.join("; "), seen.join(", "));
        writeln!(table, "| `{name}` | {} | {labels} | {help} | {seen} |", kind.as_str()).unwrap();
    }
    table
}

/// The anchor of a heading, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Every Rust file below `folder`.
fn sources(folder: &Path, each: &mut impl FnMut(&str)) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, each);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            each(&std::fs::read_to_string(&path).unwrap());
        }
    }
}
