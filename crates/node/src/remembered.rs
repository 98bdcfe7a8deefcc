//! Whom a node that keeps the names saw last, in a small file beside them. Started again without `--join` it would
//! take itself for alone until one of the others finds it, and say of what they host that nobody has it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crowd_cluster::{Hello, Joining, Member};

use crate::Data;

/// Lines of the file that are used: any one that still answers knows the others.
const MOST: usize = 16;

/// The file; none where the names are kept in memory.
#[derive(Debug, Clone)]
pub(crate) struct Remembered(Option<PathBuf>);

impl Remembered {
    pub(crate) fn new(data: &Data) -> Self {
        Self(match data {
            Data::Memory => None,
            Data::Folder(folder) => Some(folder.join("members")),
        })
    }

    /// What one of those remembered says, where one is still there and of this cluster: others may have an address by
    /// now. Two seconds at most.
    pub(crate) async fn ask(&self, joining: Joining) -> Option<Hello> {
        let seeds = self.read().await;
        if seeds.is_empty() {
            return None;
        }
        match (Joining { seeds, ..joining }).hello_of_any().await {
            Ok(hello) => hello,
            Err(error) => {
                tracing::info!(%error, "cluster.remembered_is_foreign");
                None
            }
        }
    }

    /// Remembers the others among `members`. Nobody is no news: who is alone now may not have been for long.
    pub(crate) async fn note(&self, members: &[Member], me: &Member) {
        let Some(file) = &self.0 else { return };
        let others = members.iter().filter(|member| member.name != me.name).take(MOST);
        let text: String = others.map(|member| format!("{}\n", member.address)).collect();
        if text.is_empty() {
            return;
        }
        if let Err(error) = replace(file, text).await {
            tracing::debug!(%error, file = %file.display(), "cluster.members_not_noted");
        }
    }

    async fn read(&self) -> Vec<String> {
        let Some(file) = &self.0 else { return Vec::new() };
        match tokio::fs::read_to_string(file).await {
            Ok(text) => text.lines().take(MOST).map(str::to_owned).collect(),
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                tracing::warn!(%error, file = %file.display(), "cluster.members_not_read");
                Vec::new()
            }
        }
    }
}

/// In one step, so that a kill leaves the old file or the new one.
async fn replace(file: &Path, text: String) -> std::io::Result<()> {
    let new = file.with_extension("new");
    tokio::fs::write(&new, text).await?;
    tokio::fs::rename(&new, file).await
}
