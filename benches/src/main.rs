//! Sessioncasts that cross from one node to another: how many a second, and how long each takes.
//!
//! Two nodes in this process, responders on one and requesters on the other, over loopback; caches off, every chunk
//! asked for in turn so that none is asked for twice at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use clap::Parser;
use crowd_protocol::{ChunkHash, Have, NodeMessage, PeerMessage, ProjectName, Want};
use crowd_telemetry::Metrics;
use crowd_tests::{Cluster, ScriptedPeer, TestCa, TestSite, noise, telemetry};

use self::traces::Traces;

mod traces;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures sessioncasts that cross from one node to another, with the cache off.
#[derive(Debug, Parser)]
struct Args {
    /// Bytes of a chunk; several are measured one after the other.
    #[arg(long, value_delimiter = ',', default_values_t = [1_024, 262_144])]
    payload: Vec<u32>,
    /// Requests in flight at once, over all requesters.
    #[arg(long, default_value_t = 64)]
    in_flight: usize,
    /// Peers that answer, on the first node.
    #[arg(long, default_value_t = 4)]
    responders: usize,
    /// Peers that ask, on the second node.
    #[arg(long, default_value_t = 4)]
    requesters: usize,
    /// Seconds that are measured, after one that is not.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// What is traced: off (no trace context at all), ids (every request has an id, none is recorded), or the part of
    /// the requests that is recorded and sent to a collector in this process, for example 0.01.
    #[arg(long, default_value = "ids")]
    traces: Traces,
    /// Count what happens for Prometheus, as a deployed node does.
    #[arg(long)]
    metrics: bool,
    /// Let the nodes speak TLS, each showing the other a certificate.
    #[arg(long)]
    mtls: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let collector = args.traces.install().await?;
    println!("| payload | in flight | requests/s | MiB/s | p50 ms | p99 ms | p99.9 ms | errors |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for payload in &args.payload {
        measure(&args, *payload).await?;
    }
    if let (Some(collector), Some(telemetry)) = (collector, telemetry()) {
        telemetry.shutdown().await;
        println!("\n{} spans came to the collector", collector.count());
    }
    Ok(())
}

async fn measure(args: &Args, payload: u32) -> anyhow::Result<()> {
    let metrics = args.metrics.then(Metrics::install).transpose()?;
    let ca = TestCa::new();
    let certificate = args.mtls.then(|| ca.cluster("node"));
    let cluster = Cluster::with(2, |config| {
        config.cluster_tls = certificate.clone();
        config.relay.cache_bytes = 0;
        config.metrics = metrics;
    })
    .await;
    // More chunks than are ever in flight, and at most 128 MiB of them.
    let count = (128 * 1024 * 1024 / payload as usize).clamp(args.in_flight * 4, 8_192);
    let files = [("all.bin", noise(u64::from(payload), count * payload as usize))];
    let site = TestSite::chunked("bench", 1, 1, payload, &files);
    let mut responders = vec![cluster.peer(0, site.clone()).await];
    responders[0].publish(&site).await?;
    for _ in 1..args.responders {
        let mut responder = cluster.peer(0, site.clone()).await;
        responder.host(&site, Have::All).await?;
        responders.push(responder);
    }
    let hashes: Arc<[ChunkHash]> = site.manifest.chunks().into();
    let (warm, end) = (Instant::now() + Duration::from_secs(1), Duration::from_secs(args.seconds));
    let end = warm + end;
    let next = Arc::new(AtomicUsize::new(0));
    let mut requesters = Vec::new();
    for _ in 0..args.requesters {
        let peer = cluster.peer(1, ()).await;
        let load = Load {
            project: site.project().clone(),
            hashes: hashes.clone(),
            next: next.clone(),
            in_flight: args.in_flight.div_ceil(args.requesters),
            warm,
            end,
        };
        requesters.push(tokio::spawn(load.run(peer)));
    }
    let (mut times, mut errors) = (Vec::new(), 0);
    for requester in requesters {
        let (more, failed) = requester.await.context("a requester panicked")?;
        times.extend(more);
        errors += failed;
    }
    report(args, payload, times, errors);
    Ok(())
}

fn report(args: &Args, payload: u32, mut times: Vec<Duration>, errors: u64) {
    times.sort_unstable();
    let quantile = |q: f64| {
        let at = ((times.len() as f64 * q) as usize).min(times.len().saturating_sub(1));
        times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    let rate = times.len() as f64 / args.seconds as f64;
    let mib = rate * f64::from(payload) / (1024.0 * 1024.0);
    println!(
        "| {payload} | {} | {rate:.0} | {mib:.0} | {:.2} | {:.2} | {:.2} | {errors} |",
        args.in_flight,
        quantile(0.5),
        quantile(0.99),
        quantile(0.999),
    );
}

struct Load {
    project: ProjectName,
    hashes: Arc<[ChunkHash]>,
    next: Arc<AtomicUsize>,
    in_flight: usize,
    warm: Instant,
    end: Instant,
}

impl Load {
    /// Keeps `in_flight` requests open; the times of those that were asked after the warm-up, and the errors.
    async fn run(self, mut peer: ScriptedPeer) -> (Vec<Duration>, u64) {
        let (mut times, mut errors) = (Vec::new(), 0);
        let mut open = std::collections::VecDeque::new();
        loop {
            while open.len() < self.in_flight && Instant::now() < self.end {
                let hash = self.hashes[self.next.fetch_add(1, Ordering::Relaxed) % self.hashes.len()];
                let request = |id| PeerMessage::Request {
                    id,
                    project: self.project.clone(),
                    want: Want::Hash(hash),
                    version: None,
                    traceparent: None,
                };
                let asked = Instant::now();
                open.push_back((asked, hash, peer.start_timed(request).await));
            }
            let Some((asked, hash, answer)) = open.pop_front() else { return (times, errors) };
            match answer.await {
                Ok((answered, NodeMessage::Response(answer))) if answer.sha256 == hash => {
                    if asked > self.warm {
                        times.push(answered - asked);
                    }
                    drop::<Bytes>(answer.body);
                }
                _ => errors += 1,
            }
        }
    }
}
