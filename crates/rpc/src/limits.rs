//! The limits of what nodes send each other, as `proto/` states them.

/// The version of the protocol between nodes.
pub const PROTOCOL: u32 = 1;
/// Bytes of one slice of an answer at most: a large chunk must not hold up small ones.
pub const MAX_SLICE: usize = 64 * 1024;
/// Asks that may be open on one link.
pub const MAX_OPEN_ASKS: usize = 1_024;
/// Rows in one announcement or one part of a sync.
pub const MAX_ROWS_A_MESSAGE: usize = 1_000;
/// Rows in the answer to a lookup.
pub const MAX_FOUND_ROWS: usize = 256;
/// Bytes of a cluster's id in a hello.
pub const MAX_CLUSTER_ID: usize = 128;
/// Members in the answer to a hello.
pub const MAX_HELLO_MEMBERS: usize = 256;
/// Bytes of a packet of the membership protocol.
pub const MAX_GOSSIP: usize = 32 * 1024;
/// Bytes of any message: the largest is a thousand rows with their samples, 700 bytes each.
pub const MAX_MESSAGE: usize = 1 << 20;
/// The metadata entry that has the id of the caller's registry.
pub const CLUSTER_KEY: &str = "crowd-cluster";
/// The metadata entry that has the caller's name.
pub const NODE_KEY: &str = "crowd-node";
/// Seconds in a report.
pub const MAX_REPORT_SECONDS: usize = 60;
/// Projects in each list of a report.
pub const MAX_REPORT_PROJECTS: usize = 64;
