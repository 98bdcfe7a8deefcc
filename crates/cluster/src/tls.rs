//! How connections between nodes are made and taken: plain, or by TLS where both sides show a certificate of the
//! cluster's authority. [`Lines`] is what the dialer and the cluster port use; everything else is behind it.

mod accept;
mod files;
mod line;
mod lines;
mod node_tls;
mod refusal;
mod refusals;
mod strangers;
mod trust;

pub(crate) use accept::accept;
pub use files::{ClusterTlsFiles, NODE_NAME};
pub use lines::Lines;
pub(crate) use lines::{LASTS, Renewals, dial};
