//! `crowd demo`: three nodes in one process, a site that crosses them, and links to see it by.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use clap::Args;
use crowd_node::{Config, Node};
use crowd_peer::{
    ChunkStore, Event, FolderOptions, FolderStore, MemoryStore, NodeUrl, Peer, PeerConfig, Publication,
    folder, media_type,
};
use crowd_protocol::{Have, Manifest, ManifestBuilder, ProjectName, Release, RequestPath, SigningKey};
use crowd_telemetry::{Telemetry, TraceConfig};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::hops::Hops;
use crate::signals::stop_signal;

/// The public ports that are tried, so that links stay the same from demo to demo.
const PORTS: [u16; 3] = [7000, 7100, 7200];
/// A node that is not ready by then will not be.
const READY: Duration = Duration::from_secs(20);
/// What the sample site is published as.
const SAMPLE: &str = "hello";

/// See it work: three nodes in this process, a site published on the first, read through the third.
///
/// Prints what happens hop by hop, then a link for each node, and stays up. Nothing is written to disk.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  crowd demo             the sample site
  crowd demo public/     a site of yours")]
pub(crate) struct DemoArgs {
    /// The folder to publish instead of the sample site
    dir: Option<PathBuf>,
}

struct DemoNode {
    name: String,
    url: String,
    address: NodeUrl,
}

struct Site {
    manifest: Manifest,
    json: Bytes,
    store: Arc<dyn ChunkStore>,
}

impl DemoArgs {
    /// Runs until it is told to stop. `hops` shows what crosses the nodes while it is told to.
    pub(crate) async fn run(self, hops: Hops, telemetry: &Telemetry) -> anyhow::Result<()> {
        // All of it, since the hops are read from what is recorded.
        let traces = TraceConfig { ratio: 1.0, unheard: true, ..TraceConfig::default() };
        telemetry.trace(&traces)?;
        let started = Instant::now();
        let shutdown = CancellationToken::new();
        let mut running = JoinSet::new();
        let nodes = start_nodes(&mut running, &shutdown).await?;
        println!("Three nodes in this process, {} ms after the start:\n", started.elapsed().as_millis());
        for (node, role) in nodes.iter().zip(["keeps the names", "joined node-1", "joined node-1"]) {
            println!("  {}  {:<24}{role}", node.name, node.url);
        }
        let site = self.read_site(&nodes[0]).await?;
        let publisher = publish(&nodes[0], &site).await?;
        let visitor = visit(&nodes[2], &site, &hops).await?;
        let name = site.manifest.project();
        println!("\nThe same site through each node; every answer is checked against its SHA-256:\n");
        for node in &nodes {
            println!("  {}/{name}/", node.url);
        }
        println!(
            "\nIn a browser each project has an origin of its own, such as http://{name}.localhost:PORT/."
        );
        println!("Ctrl-C ends the demo.\n");
        let told = tokio::spawn(tell_served(publisher.clone(), visitor.clone()));
        tokio::select! {
            () = stop_signal() => {}
            Some(ended) = running.join_next() => ended.context("a node panicked")??,
        }
        told.abort();
        publisher.close().await;
        visitor.close().await;
        shutdown.cancel();
        while running.join_next().await.is_some() {}
        Ok(())
    }

    async fn read_site(&self, first: &DemoNode) -> anyhow::Result<Site> {
        let Some(dir) = &self.dir else { return sample(first) };
        let options = FolderOptions::read(dir)?;
        let folder = Arc::new(folder::scan(dir, options, |_| {}).await?);
        let json = folder.manifest_bytes.clone();
        Ok(Site { manifest: folder.manifest.clone(), json, store: Arc::new(FolderStore::new(folder)) })
    }
}

async fn start_nodes(
    running: &mut JoinSet<anyhow::Result<()>>,
    shutdown: &CancellationToken,
) -> anyhow::Result<Vec<DemoNode>> {
    let mut nodes = Vec::new();
    let mut join = Vec::new();
    for (at, port) in PORTS.into_iter().enumerate() {
        let name = format!("node-{}", at + 1);
        let config = |port| Config {
            port,
            name: Some(name.clone()),
            join: join.clone(),
            public_url: (port != 0).then(|| format!("http://localhost:{port}")),
            grace: Duration::ZERO,
            ..Config::ephemeral()
        };
        let node = match Node::bind(config(port)).await {
            Ok(node) => node,
            // Something else has the port; a free one does as well.
            Err(_) => Node::bind(config(0)).await?,
        };
        let (addresses, ready) = (node.addresses().clone(), node.ready());
        running.spawn(node.run(shutdown.clone()));
        tokio::select! {
            ended = tokio::time::timeout(READY, ready.cancelled()) => {
                ended.with_context(|| format!("{name} did not get ready"))?;
            }
            Some(ended) = running.join_next() => ended.context("a node panicked")??,
        }
        if join.is_empty() {
            join.push(addresses.cluster.to_string());
        }
        let url = format!("http://localhost:{}", addresses.public.port());
        nodes.push(DemoNode { name, url, address: NodeUrl::parse(&format!("ws://{}", addresses.public))? });
    }
    Ok(nodes)
}

/// The sample site, its crowd addresses pointed at the first node.
fn sample(first: &DemoNode) -> anyhow::Result<Site> {
    let server = first.url.trim_start_matches("http://");
    let mut builder =
        ManifestBuilder::new(ProjectName::parse(SAMPLE)?).not_found(Some("404.html".to_owned()));
    let store = MemoryStore::default();
    for (path, bytes) in crowd_app::sample_site_as(SAMPLE, server) {
        let bytes = Bytes::from(bytes.into_owned());
        builder.add(&path, &media_type(&path), &bytes)?;
        let chunk_size = crowd_protocol::DEFAULT_CHUNK;
        for at in (0..bytes.len()).step_by(chunk_size) {
            store.put(bytes.slice(at..bytes.len().min(at + chunk_size)));
        }
    }
    let manifest = builder.build()?;
    let json = Bytes::from(manifest.to_json()?);
    store.put(json.clone());
    Ok(Site { manifest, json, store: Arc::new(store) })
}

async fn publish(node: &DemoNode, site: &Site) -> anyhow::Result<Peer> {
    let peer = Peer::connect(PeerConfig::new([node.address.clone()])).await?;
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context("the system gives no randomness")?;
    let key = SigningKey::from_bytes(&seed);
    let project = site.manifest.project().clone();
    let manifest = crowd_protocol::ChunkHash::of(&site.json);
    let release = Release::sign(&key, project, 1, manifest, clock::now())?;
    let publication = Publication { release, store: site.store.clone(), have: Some(Have::All), token: None };
    peer.publish(publication).await?;
    let bytes: u64 = site.manifest.files().iter().map(|file| file.size).sum();
    println!(
        "\nA peer of {} publishes {} and hosts it: {} files, {} chunks, {:.1} MiB.",
        node.name,
        site.manifest.project(),
        site.manifest.files().len(),
        site.manifest.chunks().len(),
        bytes as f64 / f64::from(1 << 20)
    );
    Ok(peer)
}

/// A visitor on `node`: asks for the index, then for what it links, and becomes a host.
async fn visit(node: &DemoNode, site: &Site, hops: &Hops) -> anyhow::Result<Peer> {
    let project = site.manifest.project();
    let peer = Peer::connect(PeerConfig::new([node.address.clone()])).await?;
    println!("\nA visitor on {} asks for crowd://{project}/index.html:\n", node.name);
    hops.show(&node.name);
    let index = peer.request_path(project, &RequestPath::parse("")?, 0, None).await?;
    hops.hide();
    println!(
        "  {}  the visitor has {} bytes, and they are what was asked for",
        hops.clock(),
        index.bytes.len()
    );

    let (store, started) = (MemoryStore::default(), Instant::now());
    let chunks: BTreeMap<_, _> = site.manifest.chunks().iter().map(|hash| (*hash, ())).collect();
    let wanted = chunks.into_keys().chain([index_manifest(site)]);
    let (mut bytes, mut count) = (0, 0);
    for hash in wanted {
        let chunk = peer.request_hash(project, &hash).await?;
        bytes += chunk.len();
        count += 1;
        store.put(chunk);
    }
    println!(
        "\nIt parses the page, asks for the rest the same way ({count} chunks, {:.1} MiB in {} ms),",
        bytes as f64 / f64::from(1 << 20),
        started.elapsed().as_millis()
    );
    peer.host(project, 1, Have::All, Arc::new(store)).await?;
    let resolved = peer.resolve(project).await?;
    println!("and is ready to answer the next one: {} peers host {project} now.", resolved.peers);
    Ok(peer)
}

fn index_manifest(site: &Site) -> crowd_protocol::ChunkHash {
    crowd_protocol::ChunkHash::of(&site.json)
}

/// A line whenever peers have answered something, at most one a second.
async fn tell_served(publisher: Peer, visitor: Peer) {
    let (mut first, mut second) = (publisher.events(), visitor.events());
    loop {
        let served = tokio::select! {
            event = first.recv() => event,
            event = second.recv() => event,
        };
        match served {
            Ok(Event::Served { .. }) | Err(RecvError::Lagged(_)) => {}
            Ok(_) => continue,
            Err(RecvError::Closed) => return,
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        while first.try_recv().is_ok() {}
        while second.try_recv().is_ok() {}
        let (one, two) = (publisher.stats(), visitor.stats());
        println!(
            "answered so far: the publisher {} chunks, the visitor {}",
            one.served_chunks, two.served_chunks
        );
    }
}
