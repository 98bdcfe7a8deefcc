//! Tells of a certificate when it is taken, and warns while its end is near: now and then, not at each look.

use std::time::Duration;

use tokio::time::Instant;

use crate::Certificate;
use crate::certificate::Left;

/// Between two warnings of the same certificate.
const AGAIN: Duration = Duration::from_secs(6 * 3_600);

/// Tells that `port` uses `certificate` from now on.
pub(crate) fn tell(event: &'static str, port: &'static str, certificate: &Certificate) {
    tracing::info!(port, names = certificate.names(), not_after = %certificate, "{event}");
    if let Some(end) = certificate.not_after() {
        metrics::gauge!("crowd_tls_not_after_timestamp_seconds", "port" => port).set(end as f64);
    }
}

/// The certificate in use, and when its end was warned of.
pub(crate) struct Expiry {
    port: &'static str,
    certificate: Certificate,
    warned: Option<Instant>,
}

impl Expiry {
    pub(crate) fn new(port: &'static str, certificate: Certificate) -> Self {
        Self { port, certificate, warned: None }
    }

    /// Warns where that is due.
    pub(crate) fn warn(&mut self) {
        let left = self.certificate.left();
        if left == Left::Enough || self.warned.is_some_and(|at| at.elapsed() < AGAIN) {
            return;
        }
        self.warned = Some(Instant::now());
        let (port, names, not_after) = (self.port, self.certificate.names(), self.certificate.to_string());
        match left {
            Left::Nothing => tracing::error!(port, names, not_after, "tls.certificate_over"),
            _ => tracing::warn!(port, names, not_after, "tls.certificate_ends_soon"),
        }
    }
}
