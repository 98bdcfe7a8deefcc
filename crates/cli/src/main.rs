//! `crowd`: the command. One file per command under `commands/`; this one starts the process and ends it.

mod admin_client;
mod changes;
mod cli;
mod clock;
mod commands;
mod exit;
mod handover;
mod hops;
mod keep_hosting;
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

use crate::cli::{Cli, Command};
use crate::hops::Hops;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    // Before any TLS: with two providers linked, rustls would not choose for itself.
    let installed = rustls::crypto::ring::default_provider().install_default();
    debug_assert!(installed.is_ok(), "nothing else installs a provider");
    let cli = Cli::parse();
    let hops = Hops::default();
    let done = match init_logging(&cli, &hops) {
        Ok(_logging) => Box::pin(cli.command.run(hops)).await,
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
fn init_logging(cli: &Cli, hops: &Hops) -> anyhow::Result<Telemetry> {
    let format = if cli.log.log_json { Format::Json } else { Format::Text };
    let config = TelemetryConfig { filter: cli.log.filter(&cli.command), format };
    match cli.command {
        Command::Demo(_) => Telemetry::install_with(&config, hops.clone()),
        _ => Telemetry::install(&config),
    }
}
