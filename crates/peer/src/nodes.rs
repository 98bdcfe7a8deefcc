//! Which node to try next: the ones that were configured and the ones that the cluster names.

use rand::seq::SliceRandom;

use crate::NodeUrl;

/// More names than this in a `welcome` are not kept.
const MOST_TOLD: usize = 64;

#[derive(Debug)]
pub(crate) struct Nodes {
    configured: Vec<NodeUrl>,
    told: Vec<NodeUrl>,
    /// The round that is being worked through, the next one last.
    round: Vec<NodeUrl>,
}

impl Nodes {
    pub(crate) fn new(configured: Vec<NodeUrl>) -> Self {
        Self { configured, told: Vec::new(), round: Vec::new() }
    }

    /// Takes the cluster's word for where its nodes are, within reason: it can't talk a peer out of TLS, nor send one
    /// that came from elsewhere to a port of this computer.
    pub(crate) fn tell(&mut self, names: &[String]) {
        let plain_is_fine = self.configured.iter().any(|url| !url.is_tls() || url.fallback().is_some());
        let here_is_fine = self.configured.iter().any(NodeUrl::is_loopback);
        let told: Vec<NodeUrl> = names
            .iter()
            .filter_map(|name| NodeUrl::parse(name).ok())
            .filter(|url| (plain_is_fine || url.is_tls()) && (here_is_fine || !url.is_loopback()))
            .take(MOST_TOLD)
            .collect();
        if !told.is_empty() {
            self.told = told;
            self.round.clear();
        }
    }

    /// The next node to try. `leaving` comes after all others; the cluster's other nodes come in any order.
    pub(crate) fn next(&mut self, leaving: Option<&NodeUrl>) -> Option<NodeUrl> {
        if self.round.is_empty() {
            let mut round: Vec<NodeUrl> = self.told.clone();
            round.extend(self.configured.iter().filter(|url| !self.told.contains(url)).cloned());
            round.shuffle(&mut rand::rng());
            round.sort_by_key(|url| Some(url) != leaving);
            self.round = round;
        }
        self.round.pop()
    }

    /// A connection stands: the next search starts over.
    pub(crate) fn settled(&mut self) {
        self.round.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> NodeUrl {
        NodeUrl::parse(text).unwrap()
    }

    #[test]
    fn the_node_that_is_left_comes_last_and_none_is_forgotten() {
        for _ in 0..20 {
            let mut nodes = Nodes::new(vec![url("ws://10.0.0.1:7000")]);
            nodes.tell(&["ws://10.0.0.2:7000".into(), "ws://10.0.0.3:7000".into()]);
            let left = url("ws://10.0.0.2:7000");
            let mut tried: Vec<_> = (0..3).map(|_| nodes.next(Some(&left)).unwrap()).collect();
            assert_eq!(tried[2], left);
            tried.sort();
            assert_eq!(tried, ["1", "2", "3"].map(|n| url(&format!("ws://10.0.0.{n}:7000"))));
        }
    }

    #[test]
    fn a_node_cannot_talk_a_peer_out_of_tls_or_onto_loopback() {
        let mut nodes = Nodes::new(vec![url("wss://a.example")]);
        nodes.tell(&["ws://b.example:7000".into(), "wss://127.0.0.1:7000".into(), "nonsense://".into()]);
        assert_eq!(nodes.next(None), Some(url("wss://a.example")));
        nodes.settled();
        nodes.tell(&["wss://b.example".into()]);
        assert_eq!(nodes.next(Some(&url("wss://a.example"))), Some(url("wss://b.example")));
    }
}
