//! Where the command keeps things: keys and what it has learnt in the user's configuration, chunks in the user's data.

use std::path::PathBuf;

use anyhow::Context;
use directories::ProjectDirs;

/// The folder of the key and of known owners: `CROWD_CONFIG_DIR`, or the user's own.
pub(crate) fn config() -> anyhow::Result<PathBuf> {
    match std::env::var_os("CROWD_CONFIG_DIR").filter(|dir| !dir.is_empty()) {
        Some(dir) => Ok(dir.into()),
        None => Ok(dirs()?.config_dir().to_owned()),
    }
}

/// Where `host` keeps chunks when nobody names another place.
pub(crate) fn hosted() -> anyhow::Result<PathBuf> {
    Ok(dirs()?.data_dir().join("hosted"))
}

/// The owners that were seen first.
pub(crate) fn owners() -> anyhow::Result<PathBuf> {
    Ok(config()?.join("owners.json"))
}

fn dirs() -> anyhow::Result<ProjectDirs> {
    ProjectDirs::from("", "", "crowd").context("this user has no home folder; set CROWD_CONFIG_DIR")
}

/// A name that is safe as one segment of a path, for a server.
pub(crate) fn file_name(server: &crowd_protocol::Server) -> String {
    server.to_string().replace([':', '[', ']'], "_")
}
