//! What the tests of `deploy/` stand on: manifests as they are rendered, and hosts of their own for pods.

mod help;
mod lan;
mod manifests;
mod pod;
mod project;

pub use help::{Help, duration};
pub use lan::{Host, Lan};
pub use manifests::{Manifests, pods, template, yaml};
pub use pod::{Pod, PodKind, PodPlan};
pub use project::{compose_nodes, document, project, read, texts};
