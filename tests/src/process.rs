//! The real command as a real process, which signals can stop and kill.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::{eventually, get};

/// The binary under test, built by this workspace. Its standard output is piped, its standard error thrown away, and
/// it ends with the test.
pub fn crowd() -> Command {
    let tests = std::env::current_exe().expect("a test has a path");
    let profile = tests.parent().and_then(Path::parent).expect("tests are built below a profile's folder");
    let binary = profile.join("crowd");
    assert!(binary.exists(), "build it first: cargo build -p crowd-cli --features etcd");
    let mut command = Command::new(binary);
    command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// `crowd serve`, ready.
pub struct ServeProcess {
    /// The process.
    pub child: Child,
    /// Where visitors come in.
    pub public: SocketAddr,
    /// Where other nodes come in.
    pub cluster: SocketAddr,
    /// Where the operator comes in.
    pub admin: SocketAddr,
}

impl ServeProcess {
    /// A node on free ports that keeps what it keeps in `data`, once it is ready.
    pub async fn start(data: &Path, flags: &[&str]) -> Self {
        let process = Self::launch(data, flags, &[]).await;
        process.ready().await;
        process
    }

    /// [`ServeProcess::start`] with variables in its environment, not waited for until it is ready. Of a flag that is
    /// given here too, a port for example, this one counts.
    pub async fn launch(data: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = crowd();
        command.envs(variables.iter().copied());
        Self::launch_as(command, data, flags).await
    }

    /// [`ServeProcess::launch`] of a command that is prepared already, to read its standard error for example.
    pub async fn launch_as(mut command: Command, data: &Path, flags: &[&str]) -> Self {
        command.arg("serve").arg("--data").arg(data).args(flags);
        for port in ["--port", "--cluster-port", "--admin-port", "--app-port"] {
            if !flags.contains(&port) {
                command.args([port, "0"]);
            }
        }
        Self::spawn(command).await
    }

    /// Starts `command`, which is a `crowd serve` with its standard output piped, and reads what it bound.
    pub async fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the binary is built");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut address = async |kind: &str| -> SocketAddr {
            loop {
                let line = lines.next_line().await.expect("it is text").expect("serve prints what it bound");
                if let Some(url) = line.strip_prefix(kind) {
                    let (_, address) = url.split_once("://").expect("it is a URL");
                    return address.parse().expect("it has an address");
                }
            }
        };
        let public = address("public ").await;
        let cluster = address("cluster ").await;
        let admin = address("admin ").await;
        // What it says later must find a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, public, cluster, admin }
    }

    /// Waits until it is ready.
    pub async fn ready(&self) {
        eventually("the process is ready", async || {
            get(self.admin, "/readyz").await.ok().filter(|reply| reply.status == 200)
        })
        .await;
    }

    /// Waits until it sees so many nodes, itself among them.
    pub async fn sees(&self, nodes: usize) {
        eventually("everyone is seen", async || {
            let reply = get(self.admin, "/api/cluster").await.ok()?;
            let status: serde_json::Value = serde_json::from_slice(&reply.body).ok()?;
            (status["nodes"].as_array()?.len() == nodes).then_some(())
        })
        .await;
    }

    /// Sends it a signal, `TERM` for example.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "it can be signalled");
    }
}
