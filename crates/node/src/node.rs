//! A node's life: bind, join, serve, drain.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use crowd_cluster::{Lines, Serving};
use crowd_gateway::{AppSite, Gateway, GatewayConfig, ServerConfig, Tls};
use crowd_telemetry::Metrics;
use futures_util::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::admin::Admin;
use crate::doors::SocketDoor;
use crate::drain::{Doors, Drain};
use crate::names::node_name;
use crate::parts::Parts;
use crate::status::Board;
use crate::{Addresses, AppPort, Config, Life};

/// How long a node that joins waits to see everyone whom it was told of.
const SETTLE: Duration = Duration::from_secs(5);

/// A node whose ports are bound: nothing is served yet, and clients wait in the kernel's queue.
pub struct Node {
    config: Config,
    addresses: Addresses,
    public: TcpListener,
    tls: Option<Tls>,
    app: Option<TcpListener>,
    cluster: TcpListener,
    lines: Lines,
    admin: TcpListener,
    ready: CancellationToken,
    life: watch::Sender<Life>,
}

impl Node {
    /// Binds every port. Errors name the flag that is wrong, or the port and the flag that moves it.
    pub async fn bind(config: Config) -> anyhow::Result<Self> {
        config.check()?;
        let tls = match config.tls.clone() {
            Some(files) => Some(Tls::load(files).await.context("--tls-cert and --tls-key")?),
            None => None,
        };
        let lines = match config.cluster_tls.clone() {
            Some(files) => {
                Lines::secure(files).await.context("--cluster-ca, --cluster-cert and --cluster-key")?
            }
            None => Lines::plain(),
        };
        if config.insecure_cluster {
            let host = config.cluster_host;
            tracing::warn!(%host, why = "--insecure-cluster: whoever reaches it is taken for a node", "cluster.insecure");
        }
        let public = listen(config.host, config.port, "--port").await?;
        let cluster = listen(config.cluster_host, config.cluster_port, "--cluster-port").await?;
        let admin = listen(config.admin_host, config.admin_port, "--admin-port").await?;
        let app = match config.app_port {
            AppPort::Off => None,
            AppPort::Require(port) => Some(listen(config.host, port, "--app-port").await?),
            AppPort::Try(port) => match listen(config.host, port, "--app-port").await {
                Ok(listener) => Some(listener),
                Err(error) => {
                    tracing::warn!(port, error = %error.root_cause(), "app_port.not_bound");
                    None
                }
            },
        };
        let addresses = Addresses {
            public: public.local_addr()?,
            secure: tls.is_some(),
            app: app.as_ref().map(TcpListener::local_addr).transpose()?,
            cluster: cluster.local_addr()?,
            admin: admin.local_addr()?,
        };
        let ready = CancellationToken::new();
        let life = watch::Sender::new(Life::Joining);
        Ok(Self { config, addresses, public, tls, app, cluster, lines, admin, ready, life })
    }

    /// What was bound.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// What it calls itself.
    pub fn name(&self) -> String {
        let advertise = || match &self.config.cluster_advertise {
            Some(advertise) => advertise.clone(),
            None => self.addresses.cluster.to_string(),
        };
        self.config.name.clone().unwrap_or_else(|| node_name(&advertise()))
    }

    /// Cancelled once the node has joined and serves.
    pub fn ready(&self) -> CancellationToken {
        self.ready.clone()
    }

    /// What it is doing, as that changes.
    pub fn life(&self) -> watch::Receiver<Life> {
        self.life.subscribe()
    }

    /// Joins, serves until `shutdown`, then drains: peers are sent elsewhere, what is in flight is answered.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let stop = CancellationToken::new();
        let _stop = stop.clone().drop_guard();
        let (board_seen, started) = (Arc::new(OnceLock::new()), Instant::now());
        let admin = Admin { board: board_seen.clone(), metrics: self.config.metrics };
        let mut tasks = JoinSet::new();
        tasks.spawn({
            let (listener, stop) = (self.admin, stop.clone());
            async move {
                admin.serve(listener, stop).await;
                anyhow::Ok(())
            }
        });
        tasks.spawn({
            let (lines, stop) = (self.lines.clone(), stop.clone());
            async move {
                stop.run_until_cancelled(lines.follow()).await;
                anyhow::Ok(())
            }
        });
        let joined = tokio::select! {
            joined = Parts::join(&self.config, &self.addresses, self.lines) => joined?,
            () = shutdown.cancelled() => return Ok(()),
        };
        let parts = Arc::new(joined);
        let board = Board::new(parts.clone(), self.config.relay.cache_bytes, started);
        let _ = board_seen.set(board.clone());
        spawn_background(&mut tasks, &parts, &board, self.config.metrics, &stop);
        let serving = Serving {
            listener: self.cluster,
            relay: parts.relay.clone(),
            registry: parts.kept.clone(),
            reports: Some(board.reports()),
            shutdown: stop.clone(),
        };
        tasks.spawn({
            let parts = parts.clone();
            async move { parts.cluster.run(serving).await.map_err(anyhow::Error::from) }
        });
        tokio::select! {
            () = parts.settle(SETTLE) => {}
            () = shutdown.cancelled() => {}
        }
        let mut doors =
            Doors { tasks: JoinSet::new(), leaving: CancellationToken::new(), closed: stop.child_token() };
        let server = ServerConfig {
            drain: self.config.grace,
            leaving: doors.leaving.clone(),
            ..ServerConfig::default()
        };
        let gateway = gateway_config(&self.config, &parts, self.tls)?;
        let app_site = AppSite::new(&gateway);
        let gateway = Gateway::new(gateway);
        doors.tasks.spawn({
            let (listener, closed, server) = (self.public, doors.closed.clone(), server.clone());
            async move {
                gateway.serve(listener, server, closed).await;
                anyhow::Ok(())
            }
        });
        if let Some(listener) = self.app {
            let (closed, site) = (doors.closed.clone(), app_site);
            doors.tasks.spawn(async move {
                site.serve(listener, server, closed).await;
                anyhow::Ok(())
            });
        }
        self.life.send_replace(Life::Serving(parts.joined()));
        self.ready.cancel();
        tracing::info!(node = %parts.name, cluster = %parts.cluster_id, "node.serving");
        let early = tokio::select! {
            () = shutdown.cancelled() => None,
            Some(ended) = tasks.join_next() => Some(outcome(ended)),
            Some(ended) = doors.tasks.join_next() => Some(outcome(ended)),
        };
        // Who can't go on has nothing to wait for.
        let delay = if early.is_some() { Duration::ZERO } else { self.config.drain_delay };
        Drain { parts: &parts, config: &self.config, delay, life: &self.life }.run(doors).await;
        stop.cancel();
        let (unexpected, mut failure) = (early.is_some(), early.and_then(Result::err));
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = outcome(ended) {
                tracing::warn!(error = format!("{error:#}"), "node.part_failed");
                failure.get_or_insert(error);
            }
        }
        tracing::info!(node = %parts.name, "node.stopped");
        match failure {
            Some(error) if unexpected => Err(error),
            None if unexpected => bail!("a part of the node ended by itself"),
            _ => Ok(()),
        }
    }
}

/// How a part of the node ended. Those that follow another end well when that one fails, so the first to end need not
/// be the one that says why.
fn outcome(ended: Result<anyhow::Result<()>, JoinError>) -> anyhow::Result<()> {
    ended.context("a part of the node panicked").flatten()
}

/// What runs beside the doors.
fn spawn_background(
    tasks: &mut JoinSet<anyhow::Result<()>>,
    parts: &Arc<Parts>,
    board: &Board,
    metrics: Option<Metrics>,
    stop: &CancellationToken,
) {
    let mut until_stop = |work: BoxFuture<'static, ()>| {
        let stop = stop.clone();
        tasks.spawn(async move {
            stop.run_until_cancelled(work).await;
            Ok(())
        });
    };
    if let Some(metrics) = metrics {
        until_stop(Box::pin(metrics.upkeep()));
    }
    let (names, updates, nodes) = (parts.clone(), parts.clone(), parts.clone());
    until_stop(Box::pin(async move { names.relay.follow().await }));
    until_stop(Box::pin(async move { updates.sessions.follow_updates().await }));
    until_stop(Box::pin(async move { nodes.follow_nodes().await }));
    let board = board.clone();
    until_stop(Box::pin(async move { board.follow().await }));
}

async fn listen(host: IpAddr, port: u16, flag: &str) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::new(host, port);
    let bound = TcpListener::bind(address).await;
    bound
        .with_context(|| format!("{address} can't be bound; choose another with {flag} (0 picks a free one)"))
}

fn gateway_config(config: &Config, parts: &Arc<Parts>, tls: Option<Tls>) -> anyhow::Result<GatewayConfig> {
    let public_url = parts.public_url.parse();
    Ok(GatewayConfig {
        relay: parts.relay.clone(),
        sockets: Arc::new(SocketDoor(parts.sessions.clone())),
        node: parts.name.to_string(),
        public_url: public_url.with_context(|| format!("{} is no URL (--public-url)", parts.public_url))?,
        domain: config.domain.clone(),
        hosting: config.hosting,
        upload_bytes_per_day: config.upload_bytes_per_day,
        tls,
    })
}
