//! What nodes say to each other: the gRPC code generated from `proto/`, and the checks on what comes in.
//!
//! Nothing that another node sends is used before it passed one of these checks; what does not is answered with a
//! [`Status`](tonic::Status) that says why.

mod checked;
mod failure;
mod limits;
mod link;
mod node;

/// Generated from `proto/crowd/cluster/v1/`, where each message is documented.
#[allow(missing_docs, unreachable_pub, rust_2018_idioms, clippy::all, reason = "generated")]
pub mod v1 {
    tonic::include_proto!("crowd.cluster.v1");
}

pub use checked::{checked_hash, checked_project, checked_version, verified_release};
pub use failure::{failure_of, wire_error_of};
pub use limits::*;
pub use link::{LinkAsk, slice_of};
pub use node::{NodeInfo, checked_node_name};
