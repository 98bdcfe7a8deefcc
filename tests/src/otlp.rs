//! A collector of traces: takes them by OTLP over gRPC as any would, and shows each as the tree that it is.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// How long a trace may take to be complete.
const PATIENCE: Duration = Duration::from_secs(20);

/// Takes whatever is sent to it, until it is dropped.
pub struct Collector {
    address: SocketAddr,
    kept: Kept,
    serving: tokio::task::JoinHandle<()>,
}

#[derive(Clone, Default)]
struct Kept {
    spans: Arc<Mutex<Vec<TracedSpan>>>,
    /// Spans are counted only.
    sink: bool,
    count: Arc<AtomicUsize>,
}

/// A span as it came.
#[derive(Debug, Clone)]
pub struct TracedSpan {
    /// In hex, as the parent's.
    pub trace: String,
    id: String,
    parent: String,
    /// What happened.
    pub name: String,
    /// `server`, `client` or `internal`.
    pub kind: &'static str,
    /// Whose it is: the node's name, or that of the service where it has none.
    pub who: String,
    /// As text.
    pub attributes: BTreeMap<String, String>,
    /// It is marked as failed.
    pub failed: bool,
    began: u64,
    ended: u64,
}

/// The spans of one trace.
#[derive(Debug, Clone)]
pub struct Trace(Vec<TracedSpan>);

impl Collector {
    /// A collector on a free port.
    pub async fn start() -> Self {
        Self::serve(Kept::default()).await
    }

    /// One that forgets what it takes, as long as it is only about what sending it costs.
    pub async fn sink() -> Self {
        Self::serve(Kept { sink: true, ..Kept::default() }).await
    }

    async fn serve(kept: Kept) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let service = TraceServiceServer::new(kept.clone());
        let serving = Server::builder().add_service(service).serve_with_incoming(TcpIncoming::from(listener));
        let serving = tokio::spawn(async move { drop(serving.await) });
        Self { address, kept, serving }
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` is to be.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many spans came.
    pub fn count(&self) -> usize {
        self.kept.count.load(Ordering::Relaxed)
    }

    /// The traces that have a span of this name, as far as they are here.
    pub fn traces_with(&self, name: &str) -> Vec<String> {
        let spans = self.kept.lock();
        let mut traces: Vec<String> =
            spans.iter().filter(|span| span.name == name).map(|span| span.trace.clone()).collect();
        traces.sort();
        traces.dedup();
        traces
    }

    /// What is here of one trace.
    pub fn trace(&self, id: &str) -> Trace {
        Trace(self.kept.lock().iter().filter(|span| span.trace == id).cloned().collect())
    }

    /// The trace, once `show` makes `expected` of it. Panics with what it makes of it else.
    pub async fn shows(&self, id: &str, show: impl Fn(&Trace) -> String, expected: &str) -> Trace {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let trace = self.trace(id);
            let shown = show(&trace);
            if shown.trim() == expected.trim() {
                return trace;
            }
            assert!(
                Instant::now() < deadline,
                "trace {id} is\n{}\n\nand not\n{}\n\nin full:\n{}",
                shown.trim(),
                expected.trim(),
                trace.tree(|_| true, &["*"])
            );
            sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Trace {
    /// The tree as indented text, a span a line: name, kind, whose, then those of its `attributes` that are named, and
    /// whether it failed. What `keep` refuses is left out with all below it. Siblings are in the order of their beginnings.
    pub fn tree(&self, keep: impl Fn(&TracedSpan) -> bool, attributes: &[&str]) -> String {
        let mut text = String::new();
        let known = |id: &str| self.0.iter().any(|span| span.id == id);
        let roots = self.0.iter().filter(|span| !known(&span.parent));
        self.write(&mut text, roots.collect(), 0, &keep, attributes);
        text
    }

    /// Its spans.
    pub fn spans(&self) -> &[TracedSpan] {
        &self.0
    }

    /// Panics where a span began before its parent did, or has a parent that never came, other than `remote`.
    pub fn assert_whole(&self, remote: &str) {
        for span in &self.0 {
            let parent = self.0.iter().find(|other| other.id == span.parent);
            match parent {
                Some(parent) => {
                    assert!(parent.began <= span.began, "{} began before {}", span.name, parent.name);
                    assert!(span.began <= span.ended, "{} ended before it began", span.name);
                }
                None => assert_eq!(
                    span.parent,
                    remote,
                    "{} hangs in the air: {}",
                    span.name,
                    self.tree(|_| true, &[])
                ),
            }
        }
    }

    fn write(
        &self,
        text: &mut String,
        mut spans: Vec<&TracedSpan>,
        depth: usize,
        keep: &impl Fn(&TracedSpan) -> bool,
        attributes: &[&str],
    ) {
        spans.sort_by_key(|span| span.began);
        for span in spans.into_iter().filter(|span| keep(span)) {
            text.push_str(&"  ".repeat(depth));
            text.push_str(&format!("{} {} {}", span.name, span.kind, span.who));
            let all = attributes == ["*"];
            for (name, value) in &span.attributes {
                if all || attributes.contains(&name.as_str()) {
                    text.push_str(&format!(" {}={value}", name.trim_start_matches("crowd.")));
                }
            }
            if span.failed {
                let kind = span.attributes.get("error.type").map_or("", String::as_str);
                text.push_str(&format!(" FAILED {kind}"));
            }
            text.push('\n');
            let below = self.0.iter().filter(|other| other.parent == span.id);
            self.write(text, below.collect(), depth + 1, keep, attributes);
        }
    }
}

impl Kept {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<TracedSpan>> {
        self.spans.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[tonic::async_trait]
impl TraceService for Kept {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        for resource in request.into_inner().resource_spans {
            let about = resource.resource.map(|resource| attributes(resource.attributes)).unwrap_or_default();
            let who = about.get("service.instance.id").or(about.get("service.name"));
            let who = who.cloned().unwrap_or_default();
            for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                self.count.fetch_add(1, Ordering::Relaxed);
                if !self.sink {
                    self.lock().push(TracedSpan::new(span, &who));
                }
            }
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl TracedSpan {
    fn new(span: Span, who: &str) -> Self {
        let kind = match span.kind {
            2 => "server",
            3 => "client",
            _ => "internal",
        };
        Self {
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            name: span.name,
            kind,
            who: who.to_owned(),
            attributes: attributes(span.attributes),
            failed: span.status.is_some_and(|status| status.code() == StatusCode::Error),
            began: span.start_time_unix_nano,
            ended: span.end_time_unix_nano,
        }
    }
}

/// What OpenTelemetry's conventions have as a number. Sent as text, it is told apart here.
const NUMBERS: [&str; 3] = ["http.response.status_code", "rpc.grpc.status_code", "server.port"];

fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |name: &str, value: Option<AnyValue>| match value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) if NUMBERS.contains(&name) => format!("the text {text}"),
        Some(Value::StringValue(text)) => text,
        Some(Value::BoolValue(truth)) => truth.to_string(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    let named = |KeyValue { key, value, .. }: KeyValue| {
        let text = text(&key, value);
        (key, text)
    };
    pairs.into_iter().map(named).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
