//! How this node reaches another one: the one place for time-outs, keep-alive and windows.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};

use crate::ClusterError;
use crate::passport::Passport;
use crate::tls::{LASTS, Lines, Renewals, dial};

/// A node that does not take a connection by then is not there.
const CONNECT: Duration = Duration::from_secs(1);
/// Without keep-alive a connection over a cut line is not known to be dead.
const PING_EVERY: Duration = Duration::from_millis(750);
const PING_PATIENCE: Duration = Duration::from_secs(1);
/// Bytes that may be under way on one stream: a link between continents (100 ms) then carries 40 MB a second.
pub(crate) const STREAM_WINDOW: u32 = 4 << 20;
/// And on all streams of a connection.
pub(crate) const CONNECTION_WINDOW: u32 = 8 << 20;
/// Connections kept for calls; more nodes than this are dialled anew.
const CHANNELS: u64 = 2_048;
/// A connection for calls that nobody made a call on for so long is closed.
const IDLE: Duration = Duration::from_secs(60);

/// A connection that introduces this node with each call.
pub(crate) type Wire = InterceptedService<Channel, Passport>;

/// Keeps one connection for calls to each node. Links have their own.
#[derive(Debug, Clone)]
pub(crate) struct Dialer {
    passport: Passport,
    lines: Lines,
    renewals: Renewals,
    /// By what was shown and trusted when they were made, too.
    channels: Cache<(u64, Arc<str>), Channel>,
}

impl Dialer {
    pub(crate) fn new(passport: Passport, lines: Lines) -> Self {
        let channels = Cache::builder().max_capacity(CHANNELS).time_to_idle(IDLE).time_to_live(LASTS).build();
        Self { passport, renewals: lines.renewals(), lines, channels }
    }

    /// The connection for calls to `address`, `HOST:PORT`. It connects at the first call, and again when it broke.
    pub(crate) fn shared(&self, address: &Arc<str>) -> Result<Wire, ClusterError> {
        let made = (self.renewals.count(), address.clone());
        if let Some(channel) = self.channels.get(&made) {
            return Ok(self.introduced(channel));
        }
        let channel = self.channel(address)?;
        Ok(self.introduced(self.channels.entry(made).or_insert(channel).into_value()))
    }

    /// A connection of one's own to `address`, made at the first call.
    pub(crate) fn own(&self, address: &str) -> Result<Wire, ClusterError> {
        Ok(self.introduced(self.channel(address)?))
    }

    /// Tells when connections that are made from now on had better be made anew. What changed before is none of them:
    /// a clone of this node's own would tell of it again and again.
    pub(crate) fn renewals(&self) -> Renewals {
        self.lines.renewals()
    }

    fn channel(&self, address: &str) -> Result<Channel, ClusterError> {
        Ok(endpoint(address)?.connect_with_connector_lazy(dial(&self.lines, address, CONNECT)))
    }

    fn introduced(&self, channel: Channel) -> Wire {
        InterceptedService::new(channel, self.passport.clone())
    }
}

fn endpoint(address: &str) -> Result<Endpoint, ClusterError> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .map_err(|_| ClusterError::Config(format!("{address:?} is no HOST:PORT")))?;
    Ok(endpoint
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_PATIENCE)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW))
}
