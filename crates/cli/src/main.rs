//! `crowd`: the command. One file per command under `commands/`; this one starts the process and ends it.

mod admin_client;
mod authority;
mod changes;
mod cli;
mod client_trace;
mod clock;
mod commands;
mod etcd_flags;
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
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            exit::code_of(&error)
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let cli = Cli::read()?;
    let hops = Hops::default();
    let telemetry = init_logging(&cli, &hops)?;
    let done = Box::pin(cli.command.run(&cli.log, hops, &telemetry)).await;
    telemetry.shutdown().await;
    done
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
