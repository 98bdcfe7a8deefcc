//! `crowd`: the command. One file per command under `commands/`; this one starts the process and ends it.

mod admin_client;
mod cli;
mod clock;
mod commands;
mod exit;
mod key_file;
mod node_args;
mod output;
mod places;
mod progress;
mod signals;
mod site_link;

use std::process::ExitCode;

use clap::Parser;
use crowd_telemetry::{Format, Telemetry, TelemetryConfig};

use crate::cli::{Cli, LogArgs};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    // Before any TLS: with two providers linked, rustls would not choose for itself.
    let installed = rustls::crypto::ring::default_provider().install_default();
    debug_assert!(installed.is_ok(), "nothing else installs a provider");
    let cli = Cli::parse();
    let done = match init_logging(&cli.log) {
        Ok(_logging) => Box::pin(cli.command.run()).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            exit::code_of(&error)
        }
    }
}

/// Logs go to standard error: what a command answers is on standard output alone.
fn init_logging(args: &LogArgs) -> anyhow::Result<Telemetry> {
    let format = if args.log_json { Format::Json } else { Format::Text };
    Telemetry::install(&TelemetryConfig { filter: args.filter(), format })
}
