//! `deploy/k8s` by itself: it renders, Kubernetes would take it, what refers to something finds it, and no pod may do more
//! than it has to. Whether it fits the command is for `deploy.rs`.

use std::collections::BTreeSet;
use std::process::Command;

use crowd_tests::deploy::{Manifests, pods, project, template};
use serde_json::Value;

const OVERLAYS: [&str; 2] = ["local", "production"];
/// The oldest and the newest version of Kubernetes that the manifests are held against.
const VERSIONS: [&str; 2] = ["1.31.0", "1.37.0"];

#[test]
fn every_overlay_passes_strict_validation() {
    for overlay in OVERLAYS {
        let manifests = Manifests::render(overlay);
        let folder = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        for (n, object) in manifests.objects.iter().enumerate() {
            // The schemas are those of Kubernetes itself; what cert-manager adds is looked at below.
            if !api(object).starts_with("cert-manager.io/") {
                files.push(folder.path().join(format!("{n}-{}.json", name(object))));
                std::fs::write(files.last().unwrap(), object.to_string()).unwrap();
            }
        }
        assert!(files.len() >= 8, "{overlay} has only {} objects", files.len());
        for version in VERSIONS {
            let (passed, said) = validate(version, &files);
            assert!(passed, "{overlay}, Kubernetes {version}: {said}");
        }
    }
}

#[test]
fn validation_is_strict() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("service.json");
    let misspelt =
        r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"prots": []}}"#;
    std::fs::write(&file, misspelt).unwrap();
    assert!(!validate(VERSIONS[0], &[file]).0);
}

fn validate(version: &str, files: &[std::path::PathBuf]) -> (bool, String) {
    let mut validator = Command::new(project("target/tools/python/bin/kubernetes-validate"));
    let output = validator.args(["--strict", "--no-warn", "-k", version]).args(files).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// The fields of cert-manager's `Certificate` that are used here, and what they must be: no schema of it is at hand.
#[test]
fn certificates_have_the_form_that_cert_manager_takes() {
    let manifests = Manifests::render("production");
    let issuers: BTreeSet<&str> = manifests.of("Issuer").map(name).collect();
    let known = [
        "secretName",
        "isCA",
        "commonName",
        "dnsNames",
        "ipAddresses",
        "usages",
        "duration",
        "renewBefore",
        "privateKey",
        "issuerRef",
    ];
    for certificate in manifests.of("Certificate") {
        let (of, spec) = (name(certificate), certificate["spec"].as_object().unwrap());
        assert_eq!(api(certificate), "cert-manager.io/v1", "{of}");
        for field in spec.keys() {
            assert!(known.contains(&field.as_str()), "{of}: {field}");
        }
        assert!(spec["secretName"].is_string(), "{of}");
        let issuer = &spec["issuerRef"];
        let there = issuers.contains(issuer["name"].as_str().unwrap());
        assert!(there || issuer["kind"] == "ClusterIssuer", "{of}: {issuer}");
        let key = spec["privateKey"].as_object().unwrap();
        assert!(key["algorithm"] == "ECDSA" && key["size"] == 256, "{of}: {key:?}");
        let wants_names = !spec.get("isCA").is_some_and(|ca| ca == true);
        assert!(!wants_names || spec["dnsNames"].as_array().is_some_and(|names| !names.is_empty()), "{of}");
    }
    // What both sides of a connection between nodes look for.
    let node = &manifests.one("Certificate", "crowd-node")["spec"];
    assert!(strings(&node["dnsNames"]).contains(&"node.crowd.internal"));
    for usage in ["server auth", "client auth"] {
        assert!(strings(&node["usages"]).contains(&usage), "{usage}");
    }
}

#[test]
fn the_domain_is_written_once() {
    let manifests = Manifests::render("production");
    let domain = manifests.one("ConfigMap", "crowd-config")["data"]["CROWD_DOMAIN"].as_str().unwrap();
    let wildcard = format!("*.{domain}");
    let ingress = &manifests.one("Ingress", "crowd")["spec"];
    assert_eq!(ingress["rules"][0]["host"], wildcard);
    assert_eq!(strings(&ingress["tls"][0]["hosts"]), [wildcard.as_str()]);
    let certificate = &manifests.one("Certificate", "crowd-public")["spec"];
    assert_eq!(strings(&certificate["dnsNames"]), [wildcard.as_str()]);
    assert_eq!(certificate["secretName"], ingress["tls"][0]["secretName"]);
}

#[test]
fn more_replicas_need_no_other_edit() {
    for overlay in OVERLAYS {
        let text = String::from_utf8(Manifests::render(overlay).text).unwrap();
        // The first may be named: it is always there.
        for pod in ["crowd-1", "crowd-2", "crowd-3"] {
            assert!(!text.contains(pod), "{overlay} names {pod}");
        }
    }
}

#[test]
fn no_pod_may_do_more_than_it_has_to() {
    for overlay in OVERLAYS {
        let manifests = Manifests::render(overlay);
        let enforced = &manifests.of("Namespace").next().unwrap()["metadata"]["labels"];
        assert_eq!(enforced["pod-security.kubernetes.io/enforce"], "restricted");
        for object in &manifests.objects {
            let Some(spec) = pods(object) else { continue };
            let of = format!("{overlay}: {}", name(object));
            assert_eq!(spec["automountServiceAccountToken"], false, "{of}");
            assert_eq!(spec["securityContext"]["runAsNonRoot"], true, "{of}");
            assert_eq!(spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{of}");
            for container in spec["containers"].as_array().unwrap() {
                let context = &container["securityContext"];
                assert_eq!(context["allowPrivilegeEscalation"], false, "{of}");
                assert_eq!(context["readOnlyRootFilesystem"], true, "{of}");
                assert_eq!(strings(&context["capabilities"]["drop"]), ["ALL"], "{of}");
                assert!(container["resources"]["limits"]["memory"].is_string(), "{of}");
                assert!(container["resources"]["requests"]["cpu"].is_string(), "{of}");
                assert!(container["readinessProbe"].is_object() || object["kind"] == "CronJob", "{of}");
            }
        }
    }
}

#[test]
fn what_is_referred_to_by_name_is_there() {
    for overlay in OVERLAYS {
        let manifests = Manifests::render(overlay);
        for service in manifests.of("Service") {
            let backing = selected(&manifests, &service["spec"]["selector"]);
            for port in service["spec"]["ports"].as_array().unwrap() {
                has_port(&backing, &port["targetPort"], &format!("{overlay}, Service {}", name(service)));
            }
        }
        for ingress in manifests.of("Ingress") {
            for path in ingress["spec"]["rules"][0]["http"]["paths"].as_array().unwrap() {
                let service = &path["backend"]["service"];
                let ports = &manifests.one("Service", service["name"].as_str().unwrap())["spec"]["ports"];
                let named = |port: &Value| port["name"] == service["port"]["name"];
                assert!(ports.as_array().unwrap().iter().any(named), "{service}");
            }
        }
        for policy in manifests.of("NetworkPolicy") {
            let (spec, of) = (&policy["spec"], format!("{overlay}, NetworkPolicy {}", name(policy)));
            let own = selected(&manifests, &spec["podSelector"]["matchLabels"]);
            for rule in list(&spec["ingress"]) {
                list(&rule["ports"]).iter().for_each(|port| has_port(&own, &port["port"], &of));
            }
            for rule in list(&spec["egress"]) {
                for to in list(&rule["to"]).iter().filter(|to| to["podSelector"].is_object()) {
                    let others = selected(&manifests, &to["podSelector"]["matchLabels"]);
                    list(&rule["ports"]).iter().for_each(|port| has_port(&others, &port["port"], &of));
                }
            }
        }
        for object in &manifests.objects {
            let Some(spec) = pods(object) else { continue };
            for container in list(&spec["containers"]) {
                for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
                    for how in ["httpGet", "tcpSocket"] {
                        let port = &container[probe][how]["port"];
                        let own = [spec.clone()];
                        assert!(port.is_null() || has(&own, port), "{overlay}, {}: {probe}", name(object));
                    }
                }
            }
        }
    }
}

#[test]
fn only_nodes_reach_the_cluster_port_and_only_monitoring_the_admin_port() {
    for overlay in OVERLAYS {
        let manifests = Manifests::render(overlay);
        let rules = &manifests.one("NetworkPolicy", "crowd")["spec"]["ingress"];
        let from = |port: &str| {
            let of: Vec<&Value> = list(rules)
                .iter()
                .filter(|rule| list(&rule["ports"]).iter().any(|its| its["port"] == port))
                .collect();
            assert_eq!(of.len(), 1, "{port}");
            of[0]["from"].clone()
        };
        assert!(from("public").is_null());
        let nodes =
            serde_json::json!([{ "podSelector": { "matchLabels": { "app.kubernetes.io/name": "crowd" } } }]);
        assert_eq!(from("cluster"), nodes);
        let labels = serde_json::json!({ "kubernetes.io/metadata.name": "monitoring" });
        assert_eq!(from("admin"), serde_json::json!([{ "namespaceSelector": { "matchLabels": labels } }]));
    }
}

/// The pods that a selector selects.
fn selected(manifests: &Manifests, labels: &Value) -> Vec<Value> {
    let wanted = labels.as_object().unwrap();
    let found: Vec<Value> = manifests
        .objects
        .iter()
        .filter(|object| {
            let its = &template(object)["metadata"]["labels"];
            wanted.iter().all(|(key, value)| its[key] == *value)
        })
        .filter_map(|object| pods(object).cloned())
        .collect();
    assert!(!found.is_empty(), "{labels} selects nothing");
    found
}

fn has_port(pods: &[Value], port: &Value, of: &str) {
    assert!(has(pods, port), "{of}: no pod has the port {port}");
}

fn has(pods: &[Value], port: &Value) -> bool {
    pods.iter()
        .flat_map(|pod| list(&pod["containers"]))
        .flat_map(|container| list(&container["ports"]))
        .any(|its| its["name"] == *port || its["containerPort"] == *port)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn strings(value: &Value) -> Vec<&str> {
    list(value).iter().filter_map(Value::as_str).collect()
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap()
}

fn api(object: &Value) -> &str {
    object["apiVersion"].as_str().unwrap()
}
