//! What a node says of itself, checked.

use tonic::Status;

use crate::v1;

/// Bytes of a node's name at most.
const MAX_NAME: usize = 128;
/// Bytes of an address or URL at most.
const MAX_PLACE: usize = 512;

/// One life of a node, as it introduced itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeInfo {
    /// Unique in the cluster.
    pub name: String,
    /// Rises with every life under the same name.
    pub incarnation: u64,
    /// `HOST:PORT` of its cluster port.
    pub address: String,
    /// Where the public reaches it; may be empty.
    pub public_url: String,
}

impl NodeInfo {
    /// Checks the name, the shape of the address, and the lengths.
    pub fn check(self) -> Result<Self, Status> {
        checked_node_name(&self.name)?;
        let port = self.address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        let port = port.and_then(|(_, port)| port.parse::<u16>().ok()).filter(|port| *port != 0);
        if port.is_none() || self.address.len() > MAX_PLACE || !is_plain(&self.address) {
            return Err(Status::invalid_argument("a node's address is HOST:PORT"));
        }
        if self.public_url.len() > MAX_PLACE || !is_plain(&self.public_url) {
            return Err(Status::invalid_argument(
                "a node's public URL is printable ASCII of at most 512 bytes",
            ));
        }
        Ok(self)
    }
}

impl TryFrom<Option<v1::Node>> for NodeInfo {
    type Error = Status;

    fn try_from(node: Option<v1::Node>) -> Result<Self, Status> {
        let v1::Node { name, incarnation, address, public_url } =
            node.ok_or_else(|| Status::invalid_argument("the node is missing"))?;
        Self { name, incarnation, address, public_url }.check()
    }
}

impl From<NodeInfo> for v1::Node {
    fn from(NodeInfo { name, incarnation, address, public_url }: NodeInfo) -> Self {
        Self { name, incarnation, address, public_url }
    }
}

/// A node's name: 1 to 128 of `A-Z a-z 0-9 . _ -`.
pub fn checked_node_name(name: &str) -> Result<&str, Status> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(plain) {
        return Err(Status::invalid_argument(
            "a node's name has 1 to 128 of the characters A-Z a-z 0-9 . _ -",
        ));
    }
    Ok(name)
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_has_a_name_and_an_address() {
        let node = |name: &str, address: &str, url: &str| {
            let (name, address, public_url) = (name.into(), address.into(), url.into());
            NodeInfo::try_from(Some(v1::Node { name, incarnation: 1, address, public_url }))
        };
        assert!(node("crowd-0.crowd", "10.0.0.1:7001", "https://a.example").is_ok());
        assert!(node("a", "[::1]:7001", "").is_ok());
        for (name, address, url) in [
            ("", "h:1", ""),
            ("a b", "h:1", ""),
            (&*"a".repeat(129), "h:1", ""),
            ("a", "h", ""),
            ("a", ":1", ""),
            ("a", "h:0", ""),
            ("a", "h:70000", ""),
            ("a", "h\n:1", ""),
            ("a", "h:1", "a b"),
            ("a", "h:1", &*"u".repeat(513)),
        ] {
            assert!(node(name, address, url).is_err(), "{name:?} {address:?} {url:?}");
        }
        assert!(NodeInfo::try_from(None).is_err());
    }
}
