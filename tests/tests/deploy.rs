//! `deploy/` against the command itself: no flag, variable, port or time in it that the binary does not know, so that they
//! can't drift apart.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crowd_tests::deploy::{Help, Manifests, PodPlan, duration, pods, project, yaml};
use crowd_tests::{ServeProcess, crowd, get};
use serde_json::Value;
use tokio::io::AsyncReadExt;

/// What the OpenTelemetry specification names; the help of `serve` does not repeat them as flags.
const OTEL: [&str; 3] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"];
/// Used in other values only.
const OF_THE_POD: [&str; 2] = ["POD_NAME", "POD_NAMESPACE"];
/// What the image is built with.
const OF_THE_BUILD: &str = "CROWD_COMMIT";
const COMMANDS: [&str; 9] = ["serve", "status", "publish", "host", "get", "keys", "new", "certs", "demo"];
/// For handing over and flushing, beyond the delay and the grace.
const TO_FINISH: Duration = Duration::from_secs(10);

#[test]
fn every_variable_named_anywhere_is_one_of_the_command() {
    let known: BTreeSet<String> = COMMANDS.iter().flat_map(|command| Help::of(command).variables).collect();
    let mut named = 0;
    for file in files(&project("deploy")) {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
            if word.starts_with("CROWD_") && word != "CROWD_" && word != OF_THE_BUILD {
                assert!(known.contains(word), "{}: {word} is no variable of the command", file.display());
                named += 1;
            }
        }
    }
    assert!(named > 30, "only {named} were found");
}

#[test]
fn every_flag_of_serve_named_anywhere_is_one() {
    let known = Help::of("serve");
    let mut named = 0;
    for file in files(&project("deploy")) {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let lines = text.replace("\\\n", " ");
        for line in lines.lines().filter(|line| line.contains("crowd serve ")) {
            let after = line.split_once("crowd serve ").unwrap().1;
            for word in after.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
                if word.len() > 2 && word.starts_with("--") {
                    assert!(known.flags.contains_key(word), "{}: {word} is no flag of serve", file.display());
                    named += 1;
                }
            }
        }
    }
    assert!(named >= 2, "only {named} were found");
}

#[test]
fn what_pods_and_containers_are_set_to_is_known_and_leaves_the_ports_alone() {
    let serve = Help::of("serve");
    for (of, env, args) in everything_that_serves() {
        assert_eq!(args, ["serve"], "{of}");
        for (name, _) in &env {
            let name = name.as_str();
            let known = serve.variables.contains(name) || OTEL.contains(&name) || OF_THE_POD.contains(&name);
            assert!(known, "{of}: {name}");
            // They are the defaults below, and so are the probes', the policies' and the scraper's.
            assert!(
                !["CROWD_PORT", "CROWD_CLUSTER_PORT", "CROWD_ADMIN_PORT"].contains(&name),
                "{of}: {name}"
            );
        }
    }
}

#[test]
fn ports_are_those_of_the_command() {
    let serve = Help::of("serve");
    let port = |flag: &str| serve.default(flag).parse::<u64>().unwrap();
    let (public, cluster, admin) = (port("--port"), port("--cluster-port"), port("--admin-port"));
    for overlay in ["local", "production"] {
        let manifests = Manifests::render(overlay);
        let pod = manifests.one("StatefulSet", "crowd");
        let ports = &pods(pod).unwrap()["containers"][0]["ports"];
        let expected = serde_json::json!([
            { "name": "public", "containerPort": public },
            { "name": "cluster", "containerPort": cluster },
            { "name": "admin", "containerPort": admin },
        ]);
        assert_eq!(*ports, expected, "{overlay}");
        let scraped = &pod["spec"]["template"]["metadata"]["annotations"]["prometheus.io/port"];
        assert_eq!(*scraped, admin.to_string());
        assert_eq!(manifests.one("Service", "crowd-nodes")["spec"]["ports"][0]["port"], cluster);
        assert_eq!(manifests.one("Service", "crowd")["spec"]["ports"][0]["port"], public);
        let plan = PodPlan::read(&manifests, "StatefulSet", "crowd", "crowd-0");
        assert_eq!(plan.env("CROWD_JOIN").unwrap(), format!("crowd-nodes:{cluster}"));
        assert_eq!(plan.env("CROWD_CLUSTER_ADVERTISE").unwrap(), format!("crowd-0.crowd-nodes:{cluster}"));
    }
    assert!(read("deploy/Dockerfile").contains(&format!("EXPOSE {public} {cluster} {admin}\n")));
    let compose = one("deploy/compose.yaml");
    for (name, node) in nodes(&compose) {
        for mapping in node["ports"].as_array().unwrap() {
            let inner: u64 = mapping.as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
            assert!([public, admin].contains(&inner), "{name}: {mapping}");
            assert!(mapping.as_str().unwrap().starts_with("127.0.0.1:"), "{name}: {mapping}");
        }
    }
    let scraper = read("deploy/prometheus/prometheus.yaml");
    for (name, _) in nodes(&compose) {
        assert!(scraper.contains(&format!("{name}:{admin}")), "Prometheus does not know {name}");
    }
    // What kind opens on the machine is what the Services have.
    let local = Manifests::render("local");
    let opened = |value: &Value| value["nodePort"].as_u64();
    let mut services: Vec<u64> =
        local.of("Service").flat_map(|s| s["spec"]["ports"].as_array().unwrap()).filter_map(opened).collect();
    let kind = one("deploy/k8s/overlays/local/kind.yaml");
    let mappings = kind["nodes"][0]["extraPortMappings"].as_array().unwrap();
    let mut mapped: Vec<u64> =
        mappings.iter().map(|mapping| mapping["containerPort"].as_u64().unwrap()).collect();
    services.sort_unstable();
    mapped.sort_unstable();
    assert_eq!(services, mapped);
    assert_eq!(mappings[0]["hostPort"], public);
}

#[tokio::test]
async fn probes_ask_for_what_the_admin_port_answers() {
    let data = tempfile::tempdir().unwrap();
    let node = ServeProcess::start(data.path(), &[]).await;
    let manifests = Manifests::render("production");
    let container = &pods(manifests.one("StatefulSet", "crowd")).unwrap()["containers"][0];
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        assert_eq!(container[probe]["httpGet"]["port"], "admin");
        let path = container[probe]["httpGet"]["path"].as_str().unwrap();
        assert_eq!(get(node.admin, path).await.unwrap().status, 200, "{path}");
    }
    let metrics = &manifests.one("StatefulSet", "crowd")["spec"]["template"]["metadata"]["annotations"];
    let path = metrics["prometheus.io/path"].as_str().unwrap();
    assert_eq!(get(node.admin, path).await.unwrap().status, 200);
}

#[test]
fn whoever_stops_a_node_waits_longer_than_it_takes() {
    let serve = Help::of("serve");
    let takes = |of: &dyn Fn(&str) -> Option<String>| {
        let time = |variable: &str, flag: &str| {
            duration(&of(variable).unwrap_or_else(|| serve.default(flag).to_owned()))
        };
        time("CROWD_DRAIN_DELAY", "--drain-delay") + time("CROWD_GRACE", "--grace") + TO_FINISH
    };
    for overlay in ["local", "production"] {
        let plan = PodPlan::read(&Manifests::render(overlay), "StatefulSet", "crowd", "crowd-0");
        let takes = takes(&|variable| plan.env(variable).map(str::to_owned));
        assert!(plan.grace >= takes, "{overlay}: {:?} are given, {takes:?} wanted", plan.grace);
        // Out of the Service before its peers are asked to go.
        let pod = Manifests::render(overlay);
        let readiness = &pods(pod.one("StatefulSet", "crowd")).unwrap()["containers"][0]["readinessProbe"];
        let period =
            readiness["periodSeconds"].as_u64().unwrap() * readiness["failureThreshold"].as_u64().unwrap();
        assert!(Duration::from_secs(period) < duration(plan.env("CROWD_DRAIN_DELAY").unwrap()));
    }
    let compose = one("deploy/compose.yaml");
    for (name, node) in nodes(&compose) {
        let takes = takes(&|variable| node["environment"][variable].as_str().map(str::to_owned));
        assert!(duration(node["stop_grace_period"].as_str().unwrap()) >= takes, "{name}");
    }
    let unit = read("deploy/systemd/crowd.service");
    let stop = unit.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).unwrap();
    assert!(duration(stop) >= takes(&|_| None));
}

/// Settings are read before anything else is done: where a value is none, the exit code is 2.
#[tokio::test]
async fn every_value_is_one_that_the_command_takes() {
    for (of, env, args) in everything_that_serves() {
        let data = tempfile::tempdir().unwrap();
        let mut node = crowd();
        node.args(args)
            .envs(env)
            .env("CROWD_DATA", data.path())
            .env("CROWD_NAME", "n")
            .stderr(Stdio::piped());
        for (variable, value) in [
            ("CROWD_HOST", "127.0.0.1"),
            ("CROWD_PORT", "0"),
            ("CROWD_CLUSTER_PORT", "0"),
            ("CROWD_ADMIN_PORT", "0"),
            ("CROWD_APP_PORT", "0"),
        ] {
            node.env(variable, value);
        }
        let mut node = node.spawn().unwrap();
        let (mut out, mut err) = (node.stdout.take().unwrap(), node.stderr.take().unwrap());
        let mut first = [0; 7];
        // Either it has bound its ports, or it says which file it misses, those of certificates.
        if out.read_exact(&mut first).await.is_ok() {
            assert_eq!(&first, b"public ", "{of}");
            node.kill().await.unwrap();
            continue;
        }
        let mut why = String::new();
        err.read_to_string(&mut why).await.unwrap();
        assert_eq!(node.wait().await.unwrap().code(), Some(1), "{of}: {why}");
        assert!(why.contains("/etc/crowd/cluster/"), "{of}: {why}");
    }
}

#[test]
fn the_compose_file_mounts_and_names_what_is_there() {
    let compose = one("deploy/compose.yaml");
    let mut names = BTreeSet::new();
    for (name, node) in nodes(&compose) {
        let env = &node["environment"];
        assert_eq!(env["CROWD_NAME"], *name);
        assert!(env["CROWD_JOIN"].as_str().unwrap().contains(&format!("{name}:7001")), "{name}");
        assert!(names.insert(env["CROWD_PUBLIC_URL"].as_str().unwrap().to_owned()), "{name}");
        assert!(node["read_only"] == true && node["cap_drop"][0] == "ALL", "{name}");
    }
    assert_eq!(names.len(), 3);
    for (name, service) in compose["services"].as_object().unwrap() {
        let image = service["image"].as_str().unwrap();
        assert!(
            service["build"].is_object() || image.split_once(':').is_some_and(|(_, tag)| tag != "latest"),
            "{name}"
        );
        for volume in service["volumes"].as_array().unwrap_or(&Vec::new()) {
            let from = volume.as_str().unwrap().split(':').next().unwrap();
            match from.strip_prefix("./") {
                Some(path) => assert!(project("deploy").join(path).exists(), "{name}: {from}"),
                None => assert!(compose["volumes"].as_object().unwrap().contains_key(from), "{name}: {from}"),
            }
        }
        for other in service["depends_on"].as_array().unwrap_or(&Vec::new()) {
            assert!(compose["services"][other.as_str().unwrap()].is_object(), "{name}: {other}");
        }
    }
}

#[test]
fn the_unit_is_one_that_systemd_takes_and_may_do_little() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("crowd.service");
    let binary = crowd();
    let binary = Path::new(binary.as_std().get_program());
    let text = read("deploy/systemd/crowd.service");
    assert!(text.contains("ExecStart=/usr/local/bin/crowd serve "));
    std::fs::write(&unit, text.replace("/usr/local/bin/crowd", &binary.to_string_lossy())).unwrap();
    let analyze = |args: &[&str]| {
        let output = Command::new("systemd-analyze").args(args).arg(&unit).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    let (valid, said) = analyze(&["verify", "--man=no"]);
    assert!(valid && said.trim().is_empty(), "{said}");
    // In tenths, of ten: 2.0 or less.
    let (little, said) = analyze(&["security", "--offline=true", "--threshold=20", "--no-pager"]);
    assert!(little, "{said}");
}

#[test]
fn the_readme_leads_to_what_is_there() {
    let readme = read("deploy/README.md");
    let anchors: BTreeSet<String> = readme
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect();
    let mut found = 0;
    for link in readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        match link.strip_prefix('#') {
            Some(to) => assert!(anchors.contains(to), "there is no #{to} among {anchors:?}"),
            None => assert!(link.starts_with("https://") || project("deploy").join(link).exists(), "{link}"),
        }
        found += 1;
    }
    let of_a_path = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    for word in readme.split(|c| !of_a_path(c)).filter(|word| word.starts_with("deploy/")) {
        assert!(project(word.trim_end_matches('.')).exists(), "{word}");
        found += 1;
    }
    assert!(found > 20, "only {found} were found");
}

/// What a heading is linked to by.
fn anchor(heading: &str) -> String {
    let letters = heading.trim().to_lowercase();
    letters
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// All that runs `crowd serve`: what it is, its environment, its arguments.
fn everything_that_serves() -> Vec<(String, Vec<(String, String)>, Vec<String>)> {
    let mut all = Vec::new();
    for overlay in ["local", "production"] {
        let plan = PodPlan::read(&Manifests::render(overlay), "StatefulSet", "crowd", "crowd-0");
        all.push((overlay.to_owned(), plan.env, plan.args));
    }
    for (name, node) in nodes(&one("deploy/compose.yaml")) {
        let env = node["environment"].as_object().unwrap().iter();
        let env = env.map(|(key, value)| (key.clone(), value.as_str().expect("it is quoted").to_owned()));
        all.push((name.clone(), env.collect(), vec!["serve".to_owned()]));
    }
    all
}

/// The services of a compose file that are nodes.
fn nodes(compose: &Value) -> impl Iterator<Item = (&String, &Value)> {
    compose["services"].as_object().unwrap().iter().filter(|(_, service)| service["build"].is_object())
}

fn one(path: &str) -> Value {
    yaml(read(path).as_bytes()).remove(0)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(project(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
