//! Three nodes that come back where they were: same ports, same data, same flags.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crowd_tests::{ServeProcess, within};

/// What each node is started with; nothing is cached, so that every read crosses.
const FLAGS: [&str; 8] =
    ["--cache-bytes", "0", "--drain-delay", "1s", "--goaway-spread", "500ms", "--grace", "40s"];
/// A node that takes longer to leave hangs.
const LEFT_BY: Duration = Duration::from_secs(60);

/// The first keeps the names, and is told of nobody.
pub(super) struct Restarts {
    data: PathBuf,
    nodes: Vec<ServeProcess>,
}

impl Restarts {
    pub(super) async fn start(data: &Path) -> Self {
        let mut nodes = Vec::new();
        for at in 0..3 {
            let join = nodes.first().map(|first: &ServeProcess| first.cluster.to_string());
            nodes.push(ServeProcess::start(&data.join(at.to_string()), &flags(join.as_deref(), &[])).await);
        }
        let nodes = Self { data: data.to_owned(), nodes };
        nodes.see_each_other().await;
        nodes
    }

    pub(super) fn at(&self, at: usize) -> &ServeProcess {
        &self.nodes[at]
    }

    pub(super) fn all(&self) -> &[ServeProcess] {
        &self.nodes
    }

    /// Tells a node to stop, waits until it has, and starts it again.
    pub(super) async fn restart(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        node.signal("TERM");
        let ended = within(LEFT_BY, "a node leaves", node.child.wait()).await.unwrap();
        assert_eq!(ended.code(), Some(0), "node {at}");
        self.start_again(at).await;
    }

    /// Kills a node, and starts it again.
    pub(super) async fn kill_and_start(&mut self, at: usize) {
        self.nodes[at].child.kill().await.unwrap();
        self.start_again(at).await;
    }

    async fn start_again(&mut self, at: usize) {
        let node = &self.nodes[at];
        let ports = [node.public, node.cluster, node.admin].map(|address| address.port().to_string());
        let [public, cluster, admin] = &ports;
        let ports = ["--port", public, "--cluster-port", cluster, "--admin-port", admin];
        let join = (at > 0).then(|| self.nodes[0].cluster.to_string());
        let data = self.data.join(at.to_string());
        self.nodes[at] = ServeProcess::start(&data, &flags(join.as_deref(), &ports)).await;
    }

    /// Waits until each sees all.
    pub(super) async fn see_each_other(&self) {
        for node in &self.nodes {
            node.sees(self.nodes.len()).await;
        }
    }
}

fn flags<'f>(join: Option<&'f str>, ports: &[&'f str]) -> Vec<&'f str> {
    let join = join.map(|seed| ["--join", seed]);
    [&FLAGS, ports].concat().into_iter().chain(join.into_iter().flatten()).collect()
}
