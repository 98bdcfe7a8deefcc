//! Where traces go, by the variables that OpenTelemetry has for it.

use std::fmt;

use anyhow::{Context, bail};
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig, Identity};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const TRACES_PROTOCOL: &str = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL";
const CA: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";
const CLIENT_CERT: &str = "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE";
const CLIENT_KEY: &str = "OTEL_EXPORTER_OTLP_CLIENT_KEY";
const DISABLED: &str = "OTEL_SDK_DISABLED";

/// A collector that takes OTLP over gRPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination(pub(crate) String);

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Destination {
    /// The collector that the environment names; none where it names none. Errors name the variable.
    pub(crate) fn from_env() -> anyhow::Result<Option<Self>> {
        Self::read(&|name| std::env::var(name).ok())
    }

    fn read(variable: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<Option<Self>> {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let first = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, set(name)?)));
        if set(DISABLED).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let Some((name, endpoint)) = first([TRACES_ENDPOINT, ENDPOINT]) else { return Ok(None) };
        if let Some((name, protocol)) = first([TRACES_PROTOCOL, PROTOCOL])
            && protocol != "grpc"
        {
            bail!("{name}={protocol}: traces are sent by grpc only; collectors listen for it on port 4317");
        }
        let url = ["http://", "https://"].iter().find_map(|scheme| endpoint.strip_prefix(scheme));
        if url.is_none_or(|rest| rest.is_empty() || rest.starts_with([':', '/'])) {
            bail!("{name}={endpoint}: not a collector's address; try http://localhost:4317");
        }
        Ok(Some(Self(endpoint)))
    }

    /// How to speak TLS with it; none where it is plain.
    pub(crate) fn tls(&self) -> anyhow::Result<Option<ClientTlsConfig>> {
        if !self.0.starts_with("https://") {
            return Ok(None);
        }
        let file = |name: &str| -> anyhow::Result<Option<String>> {
            let Some(path) = std::env::var_os(name).filter(|path| !path.is_empty()) else { return Ok(None) };
            let text = std::fs::read_to_string(&path);
            text.map(Some).with_context(|| format!("{name}={} can't be read", path.display()))
        };
        let mut tls = match file(CA)? {
            Some(ca) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca)),
            None => ClientTlsConfig::new().with_enabled_roots(),
        };
        tls = match (file(CLIENT_CERT)?, file(CLIENT_KEY)?) {
            (Some(cert), Some(key)) => tls.identity(Identity::from_pem(cert, key)),
            (None, None) => tls,
            _ => bail!("{CLIENT_CERT} and {CLIENT_KEY} go together"),
        };
        Ok(Some(tls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> anyhow::Result<Option<String>> {
        let variable = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Ok(Destination::read(&variable)?.map(|destination| destination.to_string()))
    }

    #[test]
    fn traces_go_where_the_environment_says() {
        let (one, other) = ("http://collector:4317", "https://traces.example:4317");
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&[(ENDPOINT, "")]).unwrap(), None);
        assert_eq!(read(&[(ENDPOINT, one)]).unwrap().as_deref(), Some(one));
        assert_eq!(read(&[(ENDPOINT, one), (TRACES_ENDPOINT, other)]).unwrap().as_deref(), Some(other));
        assert_eq!(read(&[(ENDPOINT, one), (DISABLED, "true")]).unwrap(), None);
        assert_eq!(read(&[(ENDPOINT, one), (PROTOCOL, "grpc")]).unwrap().as_deref(), Some(one));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (set, wrong) in [
            (&[(ENDPOINT, "collector:4317")][..], "OTEL_EXPORTER_OTLP_ENDPOINT=collector:4317"),
            (&[(ENDPOINT, "http://")], "OTEL_EXPORTER_OTLP_ENDPOINT=http://"),
            (&[(TRACES_ENDPOINT, "http://:4317")], "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="),
            (&[(ENDPOINT, "http://c:4318"), (PROTOCOL, "http/protobuf")], "OTEL_EXPORTER_OTLP_PROTOCOL="),
        ] {
            let error = read(set).unwrap_err().to_string();
            assert!(error.contains(wrong), "{error}");
        }
    }
}
