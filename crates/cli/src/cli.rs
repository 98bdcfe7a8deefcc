//! The command line: which commands there are, and what all of them take.

use std::ffi::OsString;
use std::path::Path;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crowd_telemetry::Telemetry;
use tracing_subscriber::EnvFilter;

use crate::client_trace::{followed, traced};
use crate::commands::serve::ConfigFile;
use crate::commands::{certs, completions, demo, get, host, keys, new, publish, registry, serve, status};
use crate::hops::Hops;

/// Host static websites from the computers of the people who read them.
///
/// A project is a folder of files with a name. `crowd publish` signs it with your key and keeps hosting it; everyone
/// who runs `crowd host` for it hosts it, too. Discovery nodes only introduce, relay and verify.
#[derive(Debug, Parser)]
#[command(name = "crowd", version = env!("CROWD_VERSION"), max_term_width = 110)]
#[command(after_long_help = "\
Start here:
  crowd new mysite                             a sample site to change
  crowd publish mysite                         sign it, print its link, keep hosting it
  crowd host crowd://discovery.example.org/mysite
                                               on a computer that is always on: a host that never sleeps
  crowd get crowd://discovery.example.org/mysite/ -o copy
                                               all of it, verified, into the folder copy

Exit codes:
  0  done
  1  failed
  2  the command line is wrong
  3  no such project, file or folder
  4  nobody who has it is connected now
  5  no answer in time
  6  refused: the name is taken, a token is wanted, a signature or an owner is not right

Settings are also taken from the environment, as the help of each command names them.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) log: LogArgs,
}

impl Cli {
    /// Reads the command line, the environment and a node's config file. Where clap has something to say, such as the
    /// help or what is wrong with a flag, the process ends with it.
    pub(crate) fn read() -> anyhow::Result<Self> {
        Self::read_from(std::env::args_os()).map_err(|error| match error.downcast::<clap::Error>() {
            Ok(said_by_clap) => said_by_clap.exit(),
            Err(error) => error,
        })
    }

    /// [`Cli::read`] of this command line.
    pub(crate) fn read_from<T>(line: impl IntoIterator<Item = T>) -> anyhow::Result<Self>
    where
        T: Into<OsString> + Clone,
    {
        let line: Vec<OsString> = line.into_iter().map(Into::into).collect();
        let command = forgive(Self::command());
        let cli = Self::from_arg_matches(&command.clone().try_get_matches_from(&line)?)?;
        let Some(file) = cli.command.config_file() else { return Ok(cli) };
        let command = ConfigFile::read(file)?.apply(command)?;
        Ok(Self::from_arg_matches(&command.try_get_matches_from(&line)?)?)
    }
}

/// `CROWD_JOIN=` in a deployment's environment means that it is not set, and `CROWD_LOG_JSON=1` says yes.
fn forgive(command: clap::Command) -> clap::Command {
    let arg = |arg: clap::Arg| {
        let empty = arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        let arg = if empty { arg.env(None) } else { arg };
        match arg.get_action() {
            ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
            _ => arg,
        }
    };
    command.mut_args(arg).mut_subcommands(forgive)
}

/// How much is said about what happens.
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// Say more about what happens, on standard error; twice for everything
    #[arg(short, long, action = ArgAction::Count, global = true)]
    verbose: u8,

    /// What to log, for example info or crowd_peer=debug; comes before -v
    #[arg(long = "log", env = "CROWD_LOG", value_name = "FILTER", global = true, hide_short_help = true)]
    #[arg(value_parser = log_filter)]
    log: Option<String>,

    /// Log lines as JSON objects
    #[arg(long, env = "CROWD_LOG_JSON", global = true, hide_short_help = true)]
    pub(crate) log_json: bool,
}

impl LogArgs {
    /// The filter of what is logged. A node tells its operator more than a tool tells its user.
    pub(crate) fn filter(&self, command: &Command) -> String {
        let level = match (self.verbose, command) {
            (0, Command::Serve(_)) | (1, _) => "info",
            // The demo's nodes lose each other when it ends, which is nothing to warn of.
            (0, Command::Demo(_)) => "error",
            (0, _) => "warn",
            _ => "debug",
        };
        self.log.clone().unwrap_or_else(|| level.to_owned())
    }
}

fn log_filter(text: &str) -> Result<String, String> {
    let wrong = |error| format!("{text:?} is no log filter ({error}); try info, or crowd_peer=debug,info");
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(wrong)
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::DemoArgs),
    Serve(Box<serve::ServeArgs>),
    New(new::NewArgs),
    Publish(publish::PublishArgs),
    Host(host::HostArgs),
    Get(get::GetArgs),
    Keys(keys::KeysArgs),
    Status(status::StatusArgs),
    Certs(certs::CertsArgs),
    Registry(registry::RegistryArgs),
    Completions(completions::CompletionsArgs),
}

impl Command {
    fn config_file(&self) -> Option<&Path> {
        match self {
            Self::Serve(args) => args.config.as_deref(),
            _ => None,
        }
    }

    /// Carries it out; `hops` can show what crosses the nodes of this process.
    pub(crate) async fn run(self, log: &LogArgs, hops: Hops, telemetry: &Telemetry) -> anyhow::Result<()> {
        match self {
            Self::Demo(args) => args.run(hops, telemetry).await,
            Self::Serve(args) => args.run(!log.log_json, telemetry).await,
            Self::New(args) => args.run(),
            Self::Publish(args) => followed(telemetry, args.run()).await,
            Self::Host(args) => followed(telemetry, args.run()).await,
            Self::Get(args) => traced(telemetry, "get", args.run()).await,
            Self::Keys(args) => args.run(),
            Self::Status(args) => args.run().await,
            Self::Certs(args) => args.run(),
            Self::Registry(args) => args.run().await,
            Self::Completions(args) => args.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_every_flag_has_help() {
        let mut command = Cli::command();
        command.clone().debug_assert();
        command.build();
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            assert!(sub.get_about().is_some(), "{} has no help", sub.get_name());
            for arg in sub.get_arguments() {
                assert!(arg.get_help().is_some(), "{} {} has no help", sub.get_name(), arg.get_id());
            }
        }
    }
}
