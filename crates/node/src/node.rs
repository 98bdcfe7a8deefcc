//! A node's life: bind, join, serve, drain.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use crowd_cluster::Serving;
use crowd_gateway::{AppSite, Gateway, GatewayConfig, ServerConfig, Tls};
use crowd_telemetry::Metrics;
use futures_util::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::admin::Admin;
use crate::doors::SocketDoor;
use crate::parts::Parts;
use crate::{Addresses, AppPort, Config};

/// How long a node that joins waits to see everyone whom it was told of.
const SETTLE: Duration = Duration::from_secs(5);
/// How often a leaving node looks whether its peers are gone.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A node whose ports are bound: nothing is served yet, and clients wait in the kernel's queue.
pub struct Node {
    config: Config,
    addresses: Addresses,
    public: TcpListener,
    tls: Option<Tls>,
    app: Option<TcpListener>,
    cluster: TcpListener,
    admin: TcpListener,
    ready: CancellationToken,
}

impl Node {
    /// Binds every port. Errors name the flag that is wrong, or the port and the flag that moves it.
    pub async fn bind(config: Config) -> anyhow::Result<Self> {
        config.check()?;
        let tls = match config.tls.clone() {
            Some(files) => Some(Tls::load(files).await.context("--tls-cert and --tls-key")?),
            None => None,
        };
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
        Ok(Self { config, addresses, public, tls, app, cluster, admin, ready })
    }

    /// What was bound.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Cancelled once the node has joined and serves.
    pub fn ready(&self) -> CancellationToken {
        self.ready.clone()
    }

    /// Joins, serves until `shutdown`, then drains: peers are sent elsewhere, what is in flight is answered.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let stop = CancellationToken::new();
        let _stop = stop.clone().drop_guard();
        let parts_seen = Arc::new(OnceLock::new());
        let admin =
            Admin { parts: parts_seen.clone(), metrics: self.config.metrics, started: Instant::now() };
        let mut tasks = JoinSet::new();
        tasks.spawn({
            let (listener, stop) = (self.admin, stop.clone());
            async move {
                admin.serve(listener, stop).await;
                anyhow::Ok(())
            }
        });
        let joined = tokio::select! {
            joined = Parts::join(&self.config, &self.addresses) => joined?,
            () = shutdown.cancelled() => return Ok(()),
        };
        let parts = Arc::new(joined);
        let _ = parts_seen.set(parts.clone());
        spawn_background(&mut tasks, &parts, self.config.metrics, &stop);
        let serving = Serving {
            listener: self.cluster,
            relay: parts.relay.clone(),
            registry: parts.kept.clone(),
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
        let server = ServerConfig { drain: self.config.grace, ..ServerConfig::default() };
        let gateway = gateway_config(&self.config, &parts, self.tls)?;
        let app_site = AppSite::new(&gateway);
        let gateway = Gateway::new(gateway);
        tasks.spawn({
            let (listener, stop, server) = (self.public, stop.clone(), server.clone());
            async move {
                gateway.serve(listener, server, stop).await;
                anyhow::Ok(())
            }
        });
        if let Some(listener) = self.app {
            let (stop, site) = (stop.clone(), app_site);
            tasks.spawn(async move {
                site.serve(listener, server, stop).await;
                anyhow::Ok(())
            });
        }
        self.ready.cancel();
        tracing::info!(node = %parts.name, cluster = %parts.cluster_id, "node.serving");
        let early = tokio::select! {
            () = shutdown.cancelled() => None,
            Some(ended) = tasks.join_next() => Some(outcome(ended)),
        };
        drain(&parts, self.config.grace).await;
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
}

async fn drain(parts: &Parts, grace: Duration) {
    parts.start_leaving();
    let give_up = tokio::time::Instant::now() + grace;
    while parts.sessions.count() > 0 && tokio::time::Instant::now() < give_up {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    parts.sessions.close().await;
    parts.cluster.leave().await;
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
