//! `deploy/` against the command itself: no flag, variable, port or time in it that the binary does not know, so that they
//! can't drift apart.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use crowd_tests::deploy::{Help, Manifests, PodPlan, compose_nodes, document, duration, pods, read, texts};
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
    for (file, text) in texts("deploy") {
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
            if word.starts_with("CROWD_") && word != "CROWD_" && word != OF_THE_BUILD {
                assert!(known.contains(word), "{}: {word} is no variable of the command", file);
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
    for (file, text) in texts("deploy") {
        let lines = text.replace("\\\n", " ");
        for line in lines.lines().filter(|line| line.contains("crowd serve ")) {
            let after = line.split_once("crowd serve ").unwrap().1;
            for word in after.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
                if word.len() > 2 && word.starts_with("--") {
                    assert!(known.flags.contains_key(word), "{}: {word} is no flag of serve", file);
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
    for Serving { of, env, args } in everything_that_serves() {
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
    let compose = document("deploy/compose.yaml");
    for (name, node) in compose_nodes(&compose) {
        for mapping in node["ports"].as_array().unwrap() {
            let inner: u64 = mapping.as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
            assert!([public, admin].contains(&inner), "{name}: {mapping}");
            assert!(mapping.as_str().unwrap().starts_with("127.0.0.1:"), "{name}: {mapping}");
        }
    }
    let scraper = read("deploy/prometheus/prometheus.yaml");
    for (name, _) in compose_nodes(&compose) {
        assert!(scraper.contains(&format!("{name}:{admin}")), "Prometheus does not know {name}");
    }
    // Debian's promtool knows no discovery by Kubernetes, so what it comes down to is looked at here.
    let job = &document("deploy/prometheus/kubernetes.yaml")["scrape_configs"][0];
    let production = Manifests::render("production");
    let pod = production.one("StatefulSet", "crowd");
    assert_eq!(job["job_name"], "crowd", "the alerts count by it");
    assert_eq!(job["kubernetes_sd_configs"][0]["namespaces"]["names"][0], pod["metadata"]["namespace"]);
    let label = pod["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"].as_str().unwrap();
    let port = &pods(pod).unwrap()["containers"][0]["ports"][2];
    assert_eq!(port["containerPort"], admin);
    assert_eq!(job["relabel_configs"][0]["regex"], format!("{label};{}", port["name"].as_str().unwrap()));
    // What kind opens on the machine is what the Services have.
    let local = Manifests::render("local");
    let opened = |value: &Value| value["nodePort"].as_u64();
    let mut services: Vec<u64> =
        local.of("Service").flat_map(|s| s["spec"]["ports"].as_array().unwrap()).filter_map(opened).collect();
    let kind = document("deploy/k8s/overlays/local/kind.yaml");
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
    let compose = document("deploy/compose.yaml");
    for (name, node) in compose_nodes(&compose) {
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
    for Serving { of, env, args } in everything_that_serves() {
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

/// Something that runs `crowd serve`: what it is, its environment, its arguments.
struct Serving {
    of: String,
    env: Vec<(String, String)>,
    args: Vec<String>,
}

fn everything_that_serves() -> Vec<Serving> {
    let mut all = Vec::new();
    for overlay in ["local", "production"] {
        let plan = PodPlan::read(&Manifests::render(overlay), "StatefulSet", "crowd", "crowd-0");
        all.push(Serving { of: overlay.to_owned(), env: plan.env, args: plan.args });
    }
    for (name, node) in compose_nodes(&document("deploy/compose.yaml")) {
        let env = node["environment"].as_object().unwrap().iter();
        let env = env.map(|(key, value)| (key.clone(), value.as_str().expect("it is quoted").to_owned()));
        // The image says what it runs.
        all.push(Serving { of: name.clone(), env: env.collect(), args: vec!["serve".to_owned()] });
    }
    all
}
