//! Pods without a cluster: what a manifest says of its container, run on a host of a [`Lan`](super::Lan), as a process or
//! as a container.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::process::{Child, Command};

use super::{Host, Manifests, pods};
use crate::{crowd, eventually, within};

/// The user of the image.
const USER: u32 = 65_532;

/// What a manifest says of a pod.
#[derive(Debug, Clone)]
pub struct PodPlan {
    /// The pod.
    pub name: String,
    /// What its container runs; none where the image says it, which is `crowd`.
    pub program: Option<String>,
    /// What it is started with.
    pub args: Vec<String>,
    /// Its environment, the settings of the ConfigMap among it.
    pub env: Vec<(String, String)>,
    /// Its volumes: what they are called, and where they are mounted.
    pub volumes: Vec<(String, String)>,
    /// How long it may take to leave.
    pub grace: Duration,
}

/// What a pod is run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodKind<'a> {
    /// The binary of this workspace.
    Process,
    /// This image, as the restricted profile wants it: not root, nothing writable but the volume, no capability.
    Container(&'a str),
}

/// A pod that runs.
pub struct Pod {
    /// What it was started by.
    pub plan: PodPlan,
    /// Where it runs.
    pub host: Host,
    container: Option<Container>,
    child: Child,
}

/// The name of a container, which is gone with this.
struct Container(String);

impl PodPlan {
    /// The pod `name` of the StatefulSet or Deployment `of`.
    pub fn read(manifests: &Manifests, kind: &str, of: &str, name: &str) -> Self {
        let workload = manifests.one(kind, of);
        let spec = pods(workload).expect("it makes pods");
        let container = &spec["containers"][0];
        let mut plan = Self {
            name: name.to_owned(),
            program: container["command"][0].as_str().map(str::to_owned),
            args: Vec::new(),
            env: Vec::new(),
            volumes: Vec::new(),
            grace: Duration::from_secs(spec["terminationGracePeriodSeconds"].as_u64().unwrap_or(30)),
        };
        for map in list(&container["envFrom"]) {
            let map = manifests.one("ConfigMap", text(&map["configMapRef"]["name"]));
            let settings = map["data"].as_object().expect("a ConfigMap has data");
            plan.env.extend(settings.iter().map(|(key, value)| (key.clone(), text(value).to_owned())));
        }
        for variable in list(&container["env"]) {
            let value = match variable["valueFrom"]["fieldRef"]["fieldPath"].as_str() {
                Some("metadata.name") => name.to_owned(),
                Some("metadata.namespace") => text(&workload["metadata"]["namespace"]).to_owned(),
                Some(other) => panic!("what is {other} of a pod?"),
                None => plan.expand(text(&variable["value"])),
            };
            plan.env.push((text(&variable["name"]).to_owned(), value));
        }
        plan.args = list(&container["args"]).iter().map(|arg| plan.expand(text(arg))).collect();
        for mount in list(&container["volumeMounts"]) {
            plan.volumes.push((text(&mount["name"]).to_owned(), text(&mount["mountPath"]).to_owned()));
        }
        plan
    }

    /// What a variable is set to.
    pub fn env(&self, name: &str) -> Option<&str> {
        self.env.iter().rev().find(|(its, _)| its == name).map(|(_, value)| value.as_str())
    }

    /// `$(NAME)` of what is set before, as the kubelet has it.
    fn expand(&self, text: &str) -> String {
        let mut expanded = text.to_owned();
        for (name, value) in &self.env {
            expanded = expanded.replace(&format!("$({name})"), value);
        }
        expanded
    }
}

impl Pod {
    /// Starts it on `host`. Its volumes are the folders in `folder` that are called like them.
    pub fn start(kind: PodKind<'_>, plan: PodPlan, host: Host, folder: &Path) -> Self {
        for (volume, _) in &plan.volumes {
            std::fs::create_dir_all(folder.join(volume)).expect("there is room for a folder");
        }
        let container = match kind {
            PodKind::Process => None,
            PodKind::Container(_) => Some(Container(format!("{}-{}", host.namespace, plan.name))),
        };
        let mut command = match (kind, &container) {
            (PodKind::Container(image), Some(Container(name))) => {
                podman_run(image, name, &plan, &host, folder)
            }
            _ => process(&plan, &host, folder),
        };
        let log = std::fs::File::create(folder.join("log")).expect("there is room for a file");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = Command::from(command).kill_on_drop(true).spawn().expect("the program is there");
        Self { plan, host, container, child }
    }

    /// `crowd` with these arguments, on the same host.
    pub async fn crowd(&self, args: &[&str]) -> Output {
        let command = self.host.command(Path::new(crowd().as_std().get_program()));
        Command::from(command).args(args).output().await.expect("it can be started")
    }

    /// The process that a container runs, as this machine numbers it; none where it is no container.
    pub async fn in_container(&self) -> Option<u32> {
        let Container(name) = self.container.as_ref()?;
        let inspect = Command::new("podman").args(["inspect", "--format", "{{.State.Pid}}", name]).output();
        let said = inspect.await.expect("podman is there").stdout;
        Some(String::from_utf8_lossy(&said).trim().parse().expect("it runs"))
    }

    /// Waits until it says itself that it is ready: a container by its own health check.
    pub async fn ready(&self) {
        eventually(&format!("{} is ready", self.plan.name), async || {
            let healthy = match &self.container {
                Some(Container(name)) => {
                    Command::new("podman").args(["healthcheck", "run", name]).output().await
                }
                None => Ok(self.crowd(&["status", "--check"]).await),
            };
            healthy.is_ok_and(|output| output.status.success()).then_some(())
        })
        .await;
    }

    /// Waits until it sees `nodes` nodes.
    pub async fn sees(&self, nodes: usize) {
        eventually(&format!("{} sees {nodes} nodes", self.plan.name), async || {
            let status = self.crowd(&["status", "--json"]).await.stdout;
            let status: Value = serde_json::from_slice(&status).ok()?;
            (status["nodes"].as_array()?.len() == nodes).then_some(())
        })
        .await;
    }

    /// Waits until it has done what it is for. Its exit code.
    pub async fn ended(mut self) -> Option<i32> {
        let ended = within(Duration::from_secs(60), "the job is done", self.child.wait()).await;
        ended.expect("it was started").code()
    }

    /// Tells it to stop, and waits for as long as the manifest gives it. Its exit code, and the host it leaves.
    pub async fn stop(mut self) -> (Option<i32>, Host) {
        match &self.container {
            Some(Container(name)) => podman(&["kill", "--signal", "TERM", name]).await,
            None => {
                let pid = self.child.id().expect("it runs").to_string();
                let sent = Command::new("kill").args(["-s", "TERM", &pid]).status().await;
                assert!(sent.expect("kill is there").success());
            }
        }
        let ended = tokio::time::timeout(self.plan.grace, self.child.wait()).await;
        let status = ended.unwrap_or_else(|_| panic!("{} is killed after its grace", self.plan.name));
        (status.expect("it was started").code(), self.host)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let remove = ["rm", "--force", "--ignore", "--volumes", "--time", "0", &self.0];
        let _ = std::process::Command::new("podman").args(remove).output();
    }
}

/// The same program, arguments and environment, with the folders where they really are.
fn process(plan: &PodPlan, host: &Host, folder: &Path) -> std::process::Command {
    let of = |value: &str| {
        plan.volumes.iter().fold(value.to_owned(), |value, (volume, mounted)| {
            value.replace(mounted, &folder.join(volume).to_string_lossy())
        })
    };
    let own = crowd();
    let program = match &plan.program {
        Some(program) => Path::new(Path::new(program).file_name().expect("a program has a name")),
        None => Path::new(own.as_std().get_program()),
    };
    let mut command = host.command(program);
    command.args(plan.args.iter().map(|arg| of(arg)));
    command.envs(plan.env.iter().map(|(name, value)| (name, of(value))));
    command
}

fn podman_run(image: &str, name: &str, plan: &PodPlan, host: &Host, folder: &Path) -> std::process::Command {
    let mut command = std::process::Command::new("podman");
    command.args(["--runtime", "runc", "run", "--rm", "--name", name]);
    command.args(["--user", &format!("{USER}:{USER}"), "--read-only", "--read-only-tmpfs=false"]);
    command.args(["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]);
    // Its check is run by the test. The limits are some that any machine can give.
    command.args([
        "--health-interval",
        "disable",
        "--ulimit",
        "nofile=4096:4096",
        "--ulimit",
        "nproc=4096:4096",
    ]);
    command.args(["--network", &format!("ns:/run/netns/{}", host.namespace), "--no-hosts"]);
    for (from, to) in [(host.names(), "/etc/hosts"), (Path::new("/etc/host.conf"), "/etc/host.conf")] {
        command.arg("--volume").arg(format!("{}:{to}:ro", from.display()));
    }
    for (volume, mounted) in &plan.volumes {
        let volume = folder.join(volume);
        std::os::unix::fs::chown(&volume, Some(USER), Some(USER)).expect("root may give a folder away");
        command.arg("--volume").arg(format!("{}:{mounted}", volume.display()));
    }
    for (name, value) in &plan.env {
        command.arg("--env").arg(format!("{name}={value}"));
    }
    command.arg(image).args(&plan.args);
    command
}

async fn podman(args: &[&str]) {
    let output = Command::new("podman").args(args).output().await.expect("podman is there");
    assert!(output.status.success(), "podman {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}
