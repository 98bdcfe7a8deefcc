//! `crowd new`: the sample site, ready to publish.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use crowd_peer::FolderOptions;

use crate::exit::Failure;
use crate::output;

/// What the site is called where the folder's name makes no project name.
const SAMPLE: &str = "hello";
/// The server that its addresses name: a node on this machine.
const SERVER: &str = "localhost:7000";

/// Start a project: write the sample site into a new folder
///
/// The sample is a small site that shows what crowd links can do. Change it, or replace it by your own files.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  crowd new mysite
  crowd publish mysite")]
pub(crate) struct NewArgs {
    /// The folder; it is made where it is missing, and must be empty where it is not
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl NewArgs {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let dir = &self.dir;
        let named = || dir.display().to_string();
        match fs::read_dir(dir).map(|mut entries| entries.next().is_some()) {
            Ok(true) => {
                return Err(Failure::Refused(format!("{} is not empty", dir.display())).into());
            }
            Ok(false) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(named),
        }
        // Its pages link to themselves by the name that `crowd publish` will give it.
        let name = FolderOptions::default().project(dir).map_or(SAMPLE.to_owned(), |name| name.to_string());
        let mut files = 0;
        for (path, bytes) in crowd_app::sample_site_as(&name, SERVER) {
            let to = dir.join(&*path);
            let write = || {
                fs::create_dir_all(to.parent().unwrap_or(dir))?;
                fs::write(&to, &bytes)
            };
            write().with_context(|| to.display().to_string())?;
            files += 1;
        }
        let dir = dir.display();
        output::say(format_args!("{} in {dir}\nnext: crowd publish {dir}", output::count(files, "file")));
        Ok(())
    }
}
