//! Real etcd processes on loopback, which can be killed, started again and cut off.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crowd_node::{EtcdAddress, TlsFiles};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::{eventually, get};

/// How often other ports are tried where somebody else took one meanwhile.
const TRIES: usize = 5;

/// Members of one etcd. They end with this value.
pub struct Etcd {
    members: Vec<EtcdMember>,
    secure: Option<EtcdTls>,
    dir: TempDir,
    /// Which try it was that found free ports.
    round: usize,
}

/// What members that speak TLS need.
pub struct EtcdTls {
    /// The members' certificate.
    pub files: TlsFiles,
    /// Who has to have signed the certificates of clients.
    pub ca: PathBuf,
}

struct EtcdMember {
    client: SocketAddr,
    peer: SocketAddr,
    health: SocketAddr,
    child: Option<Child>,
}

impl Etcd {
    /// `n` members that have elected a leader.
    pub async fn start(n: usize) -> Self {
        Self::with(n, None).await
    }

    /// One member that speaks TLS, and only with clients whose certificate it trusts.
    pub async fn secure(tls: EtcdTls) -> Self {
        Self::with(1, Some(tls)).await
    }

    async fn with(n: usize, secure: Option<EtcdTls>) -> Self {
        let dir = tempfile::tempdir().expect("there is room for temporary files");
        let mut etcd = Self { members: Vec::new(), secure, dir, round: 0 };
        for round in 0..TRIES {
            etcd.round = round;
            etcd.members = (0..n).map(|_| EtcdMember::at_free_ports()).collect();
            for at in 0..n {
                etcd.launch(at);
            }
            if etcd.healthy().await {
                return etcd;
            }
        }
        panic!("etcd does not come up; is everything else on this machine well?");
    }

    /// Where clients reach it.
    pub fn address(&self) -> EtcdAddress {
        let members: Vec<String> = self.members.iter().map(|member| member.client.to_string()).collect();
        format!("etcd://{}", members.join(",")).parse().expect("addresses are valid")
    }

    /// Where clients reach one member.
    pub fn member(&self, at: usize) -> SocketAddr {
        self.members[at].client
    }

    /// Kills a member at once.
    pub async fn kill(&mut self, at: usize) {
        let mut child = self.members[at].child.take().expect("it runs");
        child.kill().await.expect("it can be killed");
    }

    /// Stops a member where it is: it holds its connections and says nothing more. Or lets it go on.
    pub fn freeze(&self, at: usize, frozen: bool) {
        let child = self.members[at].child.as_ref().expect("it runs");
        let pid = child.id().expect("it was not awaited").to_string();
        let signal = if frozen { "STOP" } else { "CONT" };
        let sent = std::process::Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "it can be signalled");
    }

    /// Starts a killed member again, with what it had.
    pub async fn restart(&mut self, at: usize) {
        self.launch(at);
        let health = self.members[at].health;
        eventually("a member of etcd is back", async || is_healthy(health).await.then_some(())).await;
    }

    /// What the only member has stored now, by stopping it for a moment.
    pub async fn back_up(&mut self) -> TempDir {
        let backup = tempfile::tempdir().expect("there is room for temporary files");
        self.kill(0).await;
        copy(&self.data(0), backup.path());
        self.restart(0).await;
        backup
    }

    /// The only member has what is in `backup` from now on, and nothing else; nothing at all without one.
    pub async fn restore(&mut self, backup: Option<&TempDir>) {
        if self.members[0].child.is_some() {
            self.kill(0).await;
        }
        let data = self.data(0);
        std::fs::remove_dir_all(&data).expect("it has stored something");
        if let Some(backup) = backup {
            copy(backup.path(), &data);
        }
        self.restart(0).await;
    }

    fn data(&self, at: usize) -> PathBuf {
        self.dir.path().join(format!("{}-{at}", self.round))
    }

    fn launch(&mut self, at: usize) {
        let scheme = if self.secure.is_some() { "https" } else { "http" };
        let peers: Vec<String> = self.members.iter().enumerate().map(EtcdMember::as_peer).collect();
        let member = &self.members[at];
        let (client, peer) = (format!("{scheme}://{}", member.client), format!("http://{}", member.peer));
        let data = self.data(at);
        let mut command = Command::new("etcd");
        command.arg("--data-dir").arg(data).args(["--name", &format!("m{at}")]);
        command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        command.args(["--listen-metrics-urls", &format!("http://{}", member.health)]);
        command.args(["--initial-cluster", &peers.join(","), "--logger", "zap"]);
        // Elections that a test need not wait long for, on a machine that is busy with other tests.
        command.args(["--heartbeat-interval", "100", "--election-timeout", "1000"]);
        if let Some(EtcdTls { files, ca }) = &self.secure {
            command.arg("--cert-file").arg(&files.cert).arg("--key-file").arg(&files.key);
            command.arg("--client-cert-auth").arg("--trusted-ca-file").arg(ca);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let child = command.spawn().expect("etcd is installed (Debian: etcd-server)");
        self.members[at].child = Some(child);
    }

    /// False where a member has ended, because a port was taken for example.
    async fn healthy(&mut self) -> bool {
        loop {
            let ended =
                |child: &mut Option<Child>| !matches!(child.as_mut().map(Child::try_wait), Some(Ok(None)));
            if self.members.iter_mut().any(|member| ended(&mut member.child)) {
                return false;
            }
            let mut all = true;
            for member in &self.members {
                all &= is_healthy(member.health).await;
            }
            if all {
                return true;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

impl EtcdMember {
    fn at_free_ports() -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").expect("there are free ports");
        let listeners = [free(), free(), free()];
        let [client, peer, health] =
            listeners.each_ref().map(|listener| listener.local_addr().expect("it is bound"));
        Self { client, peer, health, child: None }
    }

    fn as_peer((at, member): (usize, &Self)) -> String {
        format!("m{at}=http://{}", member.peer)
    }
}

/// Copies a folder and all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("there is room for temporary files");
    for entry in std::fs::read_dir(from).expect("it is a folder") {
        let entry = entry.expect("it can be read");
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(std::fs::copy(&path, &to).expect("it can be copied")),
        }
    }
}

async fn is_healthy(address: SocketAddr) -> bool {
    get(address, "/health").await.is_ok_and(|reply| reply.body.starts_with(br#"{"health":"true"#))
}
