//! `crowd serve` as its operator meets it: what it says at the start and at the end, and what it says of mistakes.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crowd_tests::{ScriptedPeer, ServeProcess, crowd, eventually, within};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn a_node_says_what_it_bound_joined_and_stores_and_how_its_leaving_gets_on() {
    let data = tempfile::tempdir().unwrap();
    let first = ServeProcess::start(&data.path().join("0"), &[]).await;
    let join = first.cluster.to_string();
    let flags = ["--join", &join, "--name", "second", "--cache-bytes", "64MiB", "--grace", "20s"];
    let mut node = Said::start(&data.path().join("1"), &flags).await;
    let summary = node.until("open ").await;
    let lines: Vec<&str> = summary.lines().collect();
    // The addresses come first, for programs; then what people want to know.
    assert!(lines[0].starts_with("public http://127.0.0.1:"), "{summary}");
    let words: Vec<&str> = lines.iter().filter_map(|line| line.split(' ').next()).collect();
    for word in
        ["public", "app", "cluster", "admin", "node", "names", "content", "projects", "security", "open"]
    {
        assert!(words.contains(&word), "{word} is missing:\n{summary}");
    }
    assert!(summary.contains("node       second, crowd 0."), "{summary}");
    let named = format!("with {}", first.cluster.to_string().replace(':', "-"));
    assert!(summary.contains(&named), "{named} is missing:\n{summary}");
    assert!(summary.contains(&format!("kept by node://{}", first.cluster)), "{summary}");
    assert!(summary.contains("64MiB"), "{summary}");

    let public = lines[0].rsplit('/').next().unwrap().parse().unwrap();
    let peer = ScriptedPeer::connect(public, ()).await;
    node.signal("TERM");
    let progress = node.until("stopping").await;
    assert!(progress.contains("stopping: 1 peer to go, up to 20s"), "{progress}");
    drop(peer);
    let ended = within(Duration::from_secs(20), "it ends", node.child.wait()).await;
    assert_eq!(ended.unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_machines_read_along_only_the_addresses_are_said() {
    let data = tempfile::tempdir().unwrap();
    let mut node = Said::start(data.path(), &["--log-json"]).await;
    node.until("admin ").await;
    let admin = node.text.lines().find_map(|line| line.strip_prefix("admin http://")).unwrap().parse();
    let admin = admin.unwrap();
    eventually("it is ready", async || {
        (crowd_tests::get(admin, "/readyz").await.ok()?.status == 200).then_some(())
    })
    .await;
    node.signal("TERM");
    let mut rest = String::new();
    node.stdout.read_to_string(&mut rest).await.unwrap();
    let said = node.text + &rest;
    let kinds = ["public ", "app ", "cluster ", "admin "];
    assert!(said.lines().all(|line| kinds.iter().any(|kind| line.starts_with(kind))), "{said}");
}

#[tokio::test]
async fn a_mistake_in_the_config_file_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.toml");
    for (text, why) in [
        ("port = 7000\nadmin_port = 7002\n", "node.toml, line 2: there is no setting \"admin_port\""),
        ("cache-bytes = \"much\"\n", "node.toml, line 1: cache-bytes = \"much\": \"much\" is no size"),
    ] {
        std::fs::write(&file, text).unwrap();
        // The variable names the file as the flag does.
        let ended = serve(folder.path()).env("CROWD_CONFIG", &file).output().await.unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{said}");
        assert!(said.contains(why), "{said}");
    }
}

#[tokio::test]
async fn the_version_names_a_commit() {
    let said = crowd().arg("--version").output().await.unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let commit = said.trim_end().strip_prefix("crowd 0.1.0 (").and_then(|rest| rest.strip_suffix(')'));
    let commit = commit.unwrap_or_else(|| panic!("{said:?} is another form"));
    let hex = commit.len() >= 7 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(hex || commit == "commit unknown", "{said:?}");
}

/// A node, and all that it has said so far.
struct Said {
    child: tokio::process::Child,
    stdout: tokio::process::ChildStdout,
    text: String,
}

impl Said {
    async fn start(data: &Path, flags: &[&str]) -> Self {
        let mut child = serve(data).args(flags).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        Self { child, stdout, text: String::new() }
    }

    /// What is said up to the end of a line that starts with `word`.
    async fn until(&mut self, word: &str) -> &str {
        let reading = async {
            let mut piece = [0; 1_024];
            while !self.text.lines().any(|line| line.starts_with(word)) || !self.text.ends_with('\n') {
                let read = self.stdout.read(&mut piece).await.unwrap();
                assert!(read > 0, "it ended without {word:?}: {}", self.text);
                self.text.push_str(std::str::from_utf8(&piece[..read]).unwrap());
            }
        };
        within(Duration::from_secs(20), "the node says so", reading).await;
        &self.text
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }
}

fn serve(data: &Path) -> Command {
    let mut command = crowd();
    command.arg("serve").arg("--data").arg(data).stderr(Stdio::piped());
    command.args(["--port", "0", "--cluster-port", "0", "--admin-port", "0", "--app-port", "0"]);
    command
}
