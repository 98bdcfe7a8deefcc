//! `crowd keys`: the key that owns what is published.

use std::io::Read;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};

use crate::key_file::{self, KeyFile};
use crate::output;

/// Make, show and move the key that owns what you publish
///
/// Whoever signs the first release of a name owns the name. `crowd publish` makes a key the first time; it is an
/// Ed25519 key as PKCS#8 PEM, readable for you alone. Keep a copy of it: without it nobody can ever update what it owns.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  crowd keys show
      which owner you are, and where the key is
  crowd keys export > backup.pem
  ssh laptop crowd keys import - < backup.pem
      publish the same projects from another computer")]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    what: What,

    /// The key's file [default: key.pem in your configuration folder, or in CROWD_CONFIG_DIR]
    #[arg(long, env = "CROWD_KEY", value_name = "F", global = true)]
    key: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a key; never replaces one
    New,
    /// Print the owner that the key signs for, and where it is
    Show {
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Print the private key as PEM
    Export {
        /// Write it to this file, for you alone, instead
        #[arg(short, long, value_name = "F")]
        output: Option<PathBuf>,
    },
    /// Take a private key (PKCS#8 PEM) from a file, or from standard input with -; never replaces one
    Import {
        /// The file, or -
        #[arg(value_name = "F")]
        from: PathBuf,
    },
}

impl KeysArgs {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let file = KeyFile::at(self.key)?;
        match self.what {
            What::New => {
                file.create()?;
                show(&file, false)
            }
            What::Show { json } => show(&file, json),
            What::Export { output: None } => {
                output::say(key_file::to_pem(&file.load()?).trim_end());
                Ok(())
            }
            What::Export { output: Some(path) } => KeyFile::at(Some(path))?.store(&file.load()?),
            What::Import { from } => {
                let mut pem = String::new();
                if from.as_os_str() == "-" {
                    std::io::stdin().read_to_string(&mut pem).context("standard input")?;
                } else {
                    pem = std::fs::read_to_string(&from).with_context(|| from.display().to_string())?;
                }
                file.store(&key_file::parse(&pem)?)?;
                show(&file, false)
            }
        }
    }
}

fn show(file: &KeyFile, json: bool) -> anyhow::Result<()> {
    let owner = key_file::owner_of(&file.load()?).to_string();
    let path = file.path().display();
    if json {
        output::say_json(&serde_json::json!({ "owner": owner, "file": path.to_string() }));
    } else {
        output::say(format_args!("owner {owner}\nfile  {path}"));
    }
    Ok(())
}
