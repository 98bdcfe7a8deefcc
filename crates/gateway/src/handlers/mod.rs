//! The kinds of requests, one handler each.

mod assets;
mod chunk_bytes;
mod foreign_workers;
mod landing;
mod project_files;
mod releases;
mod upgrades;

pub(crate) use assets::Assets;
pub(crate) use chunk_bytes::ChunkBytes;
pub(crate) use foreign_workers::ForeignWorkers;
pub(crate) use landing::Landing;
pub(crate) use project_files::ProjectFiles;
pub(crate) use releases::Releases;
pub(crate) use upgrades::Upgrades;
