//! A cluster of real nodes in this process, each on a runtime of its own, so that one can be killed as a process can.

use std::time::Duration;

use crowd_node::{Addresses, Config, Node};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::{Script, ScriptedPeer, eventually, get, telemetry};

/// Nodes that have found each other.
pub struct Cluster {
    nodes: Vec<Option<TestNode>>,
}

/// One node. Dropping it kills it.
pub struct TestNode {
    /// Where it listens.
    pub addresses: Addresses,
    shutdown: CancellationToken,
    runtime: Option<Runtime>,
}

impl Cluster {
    /// `n` nodes with default settings: the first keeps the registry, in memory.
    pub async fn start(n: usize) -> Self {
        Self::with(n, |_| {}).await
    }

    /// `n` nodes whose settings `change` changes.
    pub async fn with(n: usize, change: impl Fn(&mut Config)) -> Self {
        telemetry();
        let mut cluster = Self { nodes: Vec::new() };
        for _ in 0..n {
            cluster.add(&change).await;
        }
        cluster.settle(n).await;
        cluster
    }

    /// One more node, which joins by the first that is alive. Its number.
    pub async fn add(&mut self, change: impl Fn(&mut Config)) -> usize {
        let seed = self.nodes.iter().flatten().next().map(|node| node.addresses.cluster.to_string());
        let mut config = Config { join: seed.into_iter().collect(), ..Config::ephemeral() };
        change(&mut config);
        self.nodes.push(Some(TestNode::start(config).await));
        self.nodes.len() - 1
    }

    /// Waits until every live node sees `n` nodes.
    pub async fn settle(&self, n: usize) {
        for node in self.nodes.iter().flatten() {
            eventually(&format!("every node sees {n} nodes"), async || {
                let status = get(node.addresses.admin, "/api/cluster").await.ok()?;
                let status: serde_json::Value = serde_json::from_slice(&status.body).ok()?;
                (status["nodes"].as_array()?.len() == n && status["ready"] == true).then_some(())
            })
            .await;
        }
    }

    /// How many nodes there are and were.
    #[expect(clippy::len_without_is_empty, reason = "a cluster has nodes")]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The `at`-th node.
    pub fn node(&self, at: usize) -> &TestNode {
        self.nodes[at].as_ref().expect("the node was not killed")
    }

    /// A scripted peer on the `at`-th node.
    pub async fn peer(&self, at: usize, script: impl Script) -> ScriptedPeer {
        ScriptedPeer::connect(self.node(at).addresses.public, script).await
    }

    /// Stops the `at`-th node at once, without a word to anybody.
    pub fn kill(&mut self, at: usize) {
        self.nodes[at] = None;
    }

    /// Lets the `at`-th node leave in good order.
    pub async fn leave(&mut self, at: usize) {
        let node = self.nodes[at].take().expect("the node was not killed");
        node.leave().await;
    }
}

impl TestNode {
    /// A node on a runtime of its own, once it serves.
    pub async fn start(config: Config) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("node")
            .enable_all()
            .build()
            .expect("a runtime can be built");
        let shutdown = CancellationToken::new();
        let node =
            runtime.spawn(Node::bind(config)).await.expect("it does not panic").expect("ports are free");
        let (addresses, ready) = (node.addresses().clone(), node.ready());
        runtime.spawn({
            let shutdown = shutdown.clone();
            async move {
                if let Err(error) = node.run(shutdown).await {
                    eprintln!("a node failed: {error:#}");
                }
            }
        });
        tokio::time::timeout(Duration::from_secs(20), ready.cancelled()).await.expect("the node gets ready");
        Self { addresses, shutdown, runtime: Some(runtime) }
    }

    /// Begins to leave; the node goes on for as long as its peers need.
    pub fn start_leaving(&self) {
        self.shutdown.cancel();
    }

    async fn leave(mut self) {
        self.shutdown.cancel();
        let public = self.addresses.public;
        eventually("the node has left", async || {
            tokio::net::TcpStream::connect(public).await.is_err().then_some(())
        })
        .await;
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
