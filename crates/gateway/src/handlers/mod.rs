//! The kinds of requests, one handler each.

mod assets;
mod chunk_bytes;
mod client_config;
mod foreign_workers;
mod holders;
mod landing;
mod manage;
mod other_sites;
mod own_file;
mod preflights;
mod project_files;
mod releases;
mod resets;
mod samples;
mod to_public;
mod upgrades;

pub(crate) use assets::Assets;
pub(crate) use chunk_bytes::ChunkBytes;
pub(crate) use client_config::ClientConfig;
pub(crate) use foreign_workers::ForeignWorkers;
pub(crate) use holders::Holders;
pub(crate) use landing::Landing;
pub(crate) use manage::Manage;
pub(crate) use other_sites::OtherSites;
pub(crate) use preflights::Preflights;
pub(crate) use project_files::ProjectFiles;
pub(crate) use releases::Releases;
pub(crate) use resets::Resets;
pub(crate) use samples::Samples;
pub(crate) use to_public::ToPublic;
pub(crate) use upgrades::Upgrades;
