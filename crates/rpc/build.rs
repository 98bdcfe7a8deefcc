//! Generates the gRPC code from `proto/`, without an installed protoc.

use std::error::Error;

const PROTO: &str = "../../proto";
const FILES: [&str; 5] = [
    "crowd/cluster/v1/membership.proto",
    "crowd/cluster/v1/directory.proto",
    "crowd/cluster/v1/relay.proto",
    "crowd/cluster/v1/registry.proto",
    "crowd/cluster/v1/status.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={PROTO}");
    let descriptors = protox::compile(FILES, [PROTO])?;
    tonic_prost_build::configure().bytes(".").compile_fds(descriptors)?;
    Ok(())
}
