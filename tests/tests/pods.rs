//! The pods of `deploy/k8s`, each on a host of its own on this machine: started all at once, found by name, restarted
//! elsewhere. What they are set to is what the rendered manifests say.

use std::path::Path;
use std::process::Stdio;

use crowd_tests::deploy::{Host, Lan, Manifests, Pod, PodKind, PodPlan, pods, project};
use crowd_tests::{TestCa, crowd, eventually, noise};
use futures_util::future::join_all;
use serde_json::Value;
use tokio::process::{Child, Command};

#[tokio::test(flavor = "multi_thread")]
async fn process_pods_come_up_together_find_each_other_and_may_be_restarted_elsewhere() {
    let Some(lan) = lan() else { return };
    let folder = tempfile::tempdir().unwrap();
    come_up_together_and_restart(&lan, PodKind::Process, folder.path()).await;
}

/// The image as it is built from this tree, by podman, without anything fetched.
#[tokio::test(flavor = "multi_thread")]
async fn process_containers_of_the_image_do_the_same_and_may_do_nothing_else() {
    let (Some(lan), true) = (lan(), has_podman().await) else { return };
    let built = Command::new(project("tests/image")).output().await.unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let said = String::from_utf8(built.stdout).unwrap();
    let image = said.split(' ').next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    come_up_together_and_restart(&lan, PodKind::Container(image), folder.path()).await;
}

/// As a first `kubectl apply`, and then a rollout.
async fn come_up_together_and_restart(lan: &Lan, kind: PodKind<'_>, folder: &Path) {
    let manifests = Manifests::render("local");
    let replicas = manifests.one("StatefulSet", "crowd")["spec"]["replicas"].as_u64().unwrap();
    assert_eq!(replicas, 3);
    let start = |n: usize, host: Host| {
        let plan = PodPlan::read(&manifests, "StatefulSet", "crowd", &format!("crowd-{n}"));
        let folder = folder.join(&plan.name);
        Pod::start(kind, plan, host, &folder)
    };
    let hosts = [lan.host(1), lan.host(2), lan.host(3)];
    let mut addresses: Vec<String> = hosts.iter().map(|host| host.address.clone()).collect();
    call_pods(lan, "crowd", "crowd-nodes", &addresses);
    let mut pods: Vec<Pod> = hosts.into_iter().enumerate().map(|(n, host)| start(n, host)).collect();
    for pod in &pods {
        pod.ready().await;
        pod.sees(3).await;
        if let Some(process) = pod.in_container().await {
            is_confined(process);
        }
    }

    // Who hosts is connected to a pod that stays.
    let visitor = Visitor { host: lan.host(100), folder };
    let mut publisher = visitor.publish("docs", &addresses[1]);
    eventually("it is published", async || visitor.gets("docs", &addresses[1]).await.then_some(())).await;
    for address in &addresses {
        assert!(visitor.gets("docs", address).await, "through {address}");
    }
    // The last, and the one that keeps the names; each comes up at another address, as pods do.
    for n in [2, 0] {
        let (code, _) = pods.remove(n).stop().await;
        assert_eq!(code, Some(0), "crowd-{n} was told to stop");
        let host = lan.host(10 + n as u8);
        addresses[n] = host.address.clone();
        call_pods(lan, "crowd", "crowd-nodes", &addresses);
        pods.insert(n, start(n, host));
        pods[n].ready().await;
        for pod in &pods {
            pod.sees(3).await;
        }
        for address in &addresses {
            assert!(visitor.gets("docs", address).await, "through {address}, with crowd-{n} started again");
        }
    }
    publisher.kill().await.unwrap();
}

/// Nodes that know each other by certificates, and three members of etcd that know them.
#[tokio::test(flavor = "multi_thread")]
async fn process_pods_of_production_have_certificates_and_their_names_on_etcd() {
    let Some(lan) = lan() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (manifests, ca) = (Manifests::render("production"), TestCa::new());
    let start = |of: &str, n: usize, host: Host| {
        let plan = PodPlan::read(&manifests, "StatefulSet", of, &format!("{of}-{n}"));
        let folder = folder.path().join(&plan.name);
        write_secrets(&manifests, "StatefulSet", of, &ca, &folder);
        Pod::start(PodKind::Process, plan, host, &folder)
    };
    let mut pods = Vec::new();
    // The nodes first: they wait for the others.
    for (of, service, first) in [("crowd", "crowd-nodes", 1), ("etcd", "etcd", 21)] {
        let hosts = [lan.host(first), lan.host(first + 1), lan.host(first + 2)];
        let addresses: Vec<String> = hosts.iter().map(|host| host.address.clone()).collect();
        call_pods(&lan, of, service, &addresses);
        pods.extend(hosts.into_iter().enumerate().map(|(n, host)| start(of, n, host)));
    }
    for node in &pods[..3] {
        node.ready().await;
        node.sees(3).await;
    }
    let visitor = Visitor { host: lan.host(100), folder: folder.path() };
    let mut publishers = Vec::new();
    for project in ["first", "second"] {
        publishers.push(visitor.publish(project, &pods[1].host.address));
        let through = &pods[1].host.address;
        eventually("it is published", async || visitor.gets(project, through).await.then_some(())).await;
        for node in &pods[..3] {
            assert!(visitor.gets(project, &node.host.address).await, "through {}", node.plan.name);
        }
        // The second one is published with a member away. Etcd ends by the signal itself, in good order.
        if pods.len() == 6 {
            pods.pop().unwrap().stop().await;
        }
    }
    let backup = PodPlan::read(&manifests, "CronJob", "crowd-backup", "crowd-backup-1");
    let to = folder.path().join(&backup.name);
    write_secrets(&manifests, "CronJob", "crowd-backup", &ca, &to);
    let code = Pod::start(PodKind::Process, backup, lan.host(30), &to).ended().await;
    assert_eq!(code, Some(0), "{}", std::fs::read_to_string(to.join("log")).unwrap());
    assert!(std::fs::read_dir(to.join("backup")).unwrap().count() > 0);
    // Visitors who are still there have nowhere to go: they would be waited for.
    drop(publishers);
    let stopped = join_all(pods.drain(..3).map(Pod::stop)).await;
    assert!(stopped.iter().all(|(code, _)| *code == Some(0)));
}

/// The secrets that a workload's volumes want, as cert-manager would write them.
fn write_secrets(manifests: &Manifests, kind: &str, workload: &str, ca: &TestCa, folder: &Path) {
    let volumes = &pods(manifests.one(kind, workload)).unwrap()["volumes"];
    for volume in volumes.as_array().unwrap().iter().filter(|volume| volume["secret"].is_object()) {
        let secret = volume["secret"]["secretName"].as_str().unwrap();
        let of = |certificate: &&Value| certificate["spec"]["secretName"] == secret;
        let certificate = manifests.of("Certificate").find(of).expect("somebody makes the secret");
        let names: Vec<&str> =
            certificate["spec"]["dnsNames"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let files = ca.issue(secret, &names);
        let to = folder.join(volume["name"].as_str().unwrap());
        std::fs::create_dir_all(&to).unwrap();
        for (from, name) in [(ca.file(), "ca.crt"), (files.cert, "tls.crt"), (files.key, "tls.key")] {
            std::fs::copy(from, to.join(name)).unwrap();
        }
    }
}

/// What the cluster's DNS would say: each pod's own name, and the headless Service's with all of them.
fn call_pods(lan: &Lan, pod: &str, service: &str, addresses: &[String]) {
    let all: Vec<&str> = addresses.iter().map(String::as_str).collect();
    lan.call(service, &all);
    for (n, address) in addresses.iter().enumerate() {
        lan.call(&format!("{pod}-{n}.{service}"), &[address]);
    }
}

/// What the kernel says of a container's process.
fn is_confined(process: u32) {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap();
    let status = read("status");
    let of = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(":"));
        line.unwrap_or_else(|| panic!("no {key} in {status}")).trim().to_owned()
    };
    assert_eq!(of("Uid"), "65532\t65532\t65532\t65532");
    assert_eq!((of("CapEff"), of("CapBnd")), ("0000000000000000".to_owned(), "0000000000000000".to_owned()));
    assert_eq!(of("NoNewPrivs"), "1");
    let mounts = read("mountinfo");
    let root = mounts.lines().find(|line| line.split(' ').nth(4) == Some("/")).unwrap();
    assert!(root.split(' ').nth(5).unwrap().split(',').any(|option| option == "ro"), "{root}");
}

/// Whether containers can be built and run here.
async fn has_podman() -> bool {
    let said = Command::new("podman").args(["--runtime", "runc", "info"]).output().await;
    let has = said.as_ref().is_ok_and(|output| output.status.success());
    if !has {
        eprintln!("SKIPPED: no containers here: {said:?}");
    }
    has
}

/// A network, where this machine can have one.
fn lan() -> Option<Lan> {
    match Lan::new() {
        Ok(lan) => Some(lan),
        Err(why) => {
            eprintln!("SKIPPED: no network namespaces here: {why}");
            None
        }
    }
}

/// Somebody on a host that is no pod.
struct Visitor<'a> {
    host: Host,
    folder: &'a Path,
}

impl Visitor<'_> {
    fn crowd(&self, who: &str, args: &[&str]) -> Command {
        let mut command = Command::from(self.host.command(Path::new(crowd().as_std().get_program())));
        command.kill_on_drop(true).env("CROWD_CONFIG_DIR", self.folder.join(who)).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// Publishes a folder through the node at `address`, and goes on hosting it.
    fn publish(&self, project: &str, address: &str) -> Child {
        let files = self.folder.join(project);
        std::fs::create_dir(&files).unwrap();
        std::fs::write(files.join("index.html"), "<!doctype html><title>Docs</title>").unwrap();
        std::fs::write(files.join("sea.bin"), noise(3, 700_000)).unwrap();
        let node = format!("http://{address}:7000");
        let mut publish = self.crowd("publisher", &["publish", "--name", project, "--node", &node]);
        publish.stderr(Stdio::null()).arg(&files).spawn().unwrap()
    }

    /// Fetches all of it through the node at `address`, whether it comes. If it does, it is what was published.
    async fn gets(&self, project: &str, address: &str) -> bool {
        let (out, node) = (self.folder.join("out"), format!("http://{address}:7000"));
        let _ = std::fs::remove_dir_all(&out);
        let link = format!("crowd://{project}/");
        let got =
            self.crowd("reader", &["get", &link, "--node", &node, "-o"]).arg(&out).output().await.unwrap();
        if !got.status.success() {
            eprintln!("through {address}: {}", String::from_utf8_lossy(&got.stderr));
            return false;
        }
        let diff =
            std::process::Command::new("diff").arg("-r").args([&self.folder.join(project), &out]).status();
        assert!(diff.unwrap().success(), "what came through {address} differs");
        true
    }
}
