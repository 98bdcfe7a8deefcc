//! `crowd serve`: a discovery node. Flags over environment over file; what nobody set has its default.

mod announcer;
mod cluster_flags;
mod config_file;
mod flags;
mod said;
mod settings;
mod summary;
#[cfg(test)]
mod template;
mod tls_flags;
mod trace_flags;
mod units;

use crowd_node::Node;
use crowd_telemetry::{Telemetry, TraceConfig};
use tokio_util::sync::CancellationToken;

use self::announcer::Announcer;
use crate::output::say;
use crate::signals::stop_signal;

pub(crate) use config_file::ConfigFile;
pub(crate) use flags::ServeArgs;

/// The exit code where nobody waited for the node to leave in good order, as shells have it for an interrupt.
const STOPPED_AT_ONCE: i32 = 130;

impl ServeArgs {
    /// Runs the node until it is told to stop. `talk`: people read along, so it says how it is getting on.
    pub(crate) async fn run(self, talk: bool, telemetry: &Telemetry) -> anyhow::Result<()> {
        let traces = self.traces.config();
        let config = self.into_config()?;
        let shutdown = CancellationToken::new();
        let node = Node::bind(config.clone()).await?;
        say(node.addresses());
        let ratio = traces.ratio;
        let destination = telemetry.trace(&TraceConfig { instance: Some(node.name()), ..traces })?;
        let traces = destination.map(|destination| (destination, ratio));
        let announcer = Announcer { config, traces, addresses: node.addresses().clone(), life: node.life() };
        let announcing = talk.then(|| tokio::spawn(announcer.run()));
        let stopping = shutdown.clone();
        let signal = tokio::spawn(async move {
            stop_signal().await;
            tracing::info!("node.stopping");
            stopping.cancel();
            stop_signal().await;
            tracing::warn!("node.stopped_at_once");
            std::process::exit(STOPPED_AT_ONCE);
        });
        let served = node.run(shutdown).await;
        signal.abort();
        if let Some(announcing) = announcing {
            // It ends with the node, whose last words these are.
            announcing.await?;
        }
        served
    }
}
