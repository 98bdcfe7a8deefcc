//! The traces of commands that are peers: recorded where the environment names a collector, and told to who complains.

use crowd_peer::PeerError;
use crowd_telemetry::{Telemetry, TraceConfig};
use crowd_trace::{Asker, Door, fail};
use tracing::field::Empty;

use crate::output;

/// Runs a command that ends: all that it asks for is one trace, which is recorded.
pub(crate) async fn traced(
    telemetry: &Telemetry,
    command: &'static str,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    telemetry.trace(&TraceConfig { ratio: 1.0, ..TraceConfig::default() })?;
    let door = Door::open(
        None,
        Asker::Member,
        || tracing::info_span!("crowd", crowd.command = command, error.type = Empty, otel.status_code = Empty),
    );
    let done = door.run(work).await;
    if let Err(error) = &done {
        fail(door.span(), command);
        if failed_there(error)
            && let Some(trace) = door.place()
        {
            output::remark(format_args!(
                "crowd: what the node's operator finds it by: trace {}",
                trace.trace_id_hex()
            ));
        }
    }
    done
}

/// Runs a command that stays: each request that it makes is a trace, of which the usual part is recorded.
pub(crate) async fn followed(
    telemetry: &Telemetry,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    telemetry.trace(&TraceConfig::default())?;
    work.await
}

/// True where the cluster failed, rather than who asked.
fn failed_there(error: &anyhow::Error) -> bool {
    let code = error.chain().find_map(|error| error.downcast_ref::<PeerError>()?.code());
    code.is_some_and(|code| code.is_failure())
}
