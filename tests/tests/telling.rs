//! What nodes tell, and when they keep quiet: traces that strangers ask for, a collector that is not there, log lines.

use std::process::Stdio;
use std::time::{Duration, Instant};

use bytes::Bytes;
use crowd_protocol::{Have, NodeMessage, PeerMessage, Want};
use crowd_tests::{
    Collector, Pending, Reaction, ScriptedPeer, ServeProcess, TestSite, but, crowd, eventually, within,
};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;

/// A node with one host of a site.
async fn hosted(node: &ServeProcess) -> (TestSite, ScriptedPeer) {
    let site = TestSite::small("site", 1);
    let mut host = ScriptedPeer::connect(node.public, site.clone()).await;
    host.publish(&site).await.unwrap();
    (site, host)
}

/// Asks for a stylesheet in a trace that is to be recorded.
async fn ask(reader: &mut ScriptedPeer, site: &TestSite, number: u32) -> Pending {
    let (project, want) = (site.project().clone(), Want::Hash(site.hash("style.css", 0)));
    let traceparent = Some(format!("00-4bf92f3577b34da6a3ce929d{number:08x}-00f067aa0ba902b7-01"));
    reader.start(|id| PeerMessage::Request { id, project, want, version: None, traceparent }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_have_so_many_traces_recorded_and_keep_their_ids_beyond_that() {
    let (collector, data) = (Collector::start().await, tempfile::tempdir().unwrap());
    let endpoint = collector.endpoint();
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint), ("OTEL_BSP_SCHEDULE_DELAY", "100")];
    let flags = ["--trace-ratio", "0", "--trace-strangers", "3"];
    let node = ServeProcess::launch(data.path(), &flags, &variables).await;
    node.ready().await;
    let (site, _host) = hosted(&node).await;
    let mut reader = ScriptedPeer::connect(node.public, ()).await;
    let (began, mut recorded) = (Instant::now(), 0);
    for number in 0..200 {
        let NodeMessage::Response(answer) = ask(&mut reader, &site, number).await.await.unwrap() else {
            panic!("it is hosted")
        };
        let told = answer.traceparent.expect("every answer names its trace");
        assert_eq!(told.trace_id_hex(), format!("4bf92f3577b34da6a3ce929d{number:08x}"));
        recorded += usize::from(told.is_sampled());
    }
    let most = 3 + (began.elapsed().as_secs_f64() * 3.0).ceil() as usize;
    assert!((3..=most).contains(&recorded), "{recorded} of 200 were recorded, which may be {most}");
    let came = || collector.traces_with("sessioncast.request").len();
    eventually("what was recorded came", async || (came() == recorded).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_keeps_nobody_from_leaving() {
    // One that refuses, and one that takes connections and never says a word.
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for collector in [gone, mute.local_addr().unwrap()] {
        let data = tempfile::tempdir().unwrap();
        let endpoint = format!("http://{collector}");
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint)];
        let mut node = ServeProcess::launch(data.path(), &["--grace", "1s"], &variables).await;
        node.ready().await;
        let (site, host) = hosted(&node).await;
        let mut reader = ScriptedPeer::connect(node.public, ()).await;
        ask(&mut reader, &site, 1).await.await.unwrap();
        drop((host, reader));
        node.signal("TERM");
        let ended = within(Duration::from_secs(10), "the node leaves", node.child.wait()).await.unwrap();
        assert_eq!(ended.code(), Some(0), "with {endpoint}");
        // A command that is done says what it has to say and ends, too.
        let mut get = crowd();
        get.env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint).env("CROWD_CONFIG_DIR", data.path());
        get.args(["get", "crowd://site/", "--node", &format!("http://{gone}")]).stderr(Stdio::null());
        let ended = within(Duration::from_secs(10), "the command ends", get.status()).await.unwrap();
        assert_eq!(ended.code(), Some(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_collector_is_an_error_that_names_the_variable() {
    for (variable, value) in
        [("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]
    {
        let data = tempfile::tempdir().unwrap();
        let mut serve = crowd();
        serve.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9").env(variable, value);
        serve.args(["serve", "--port", "0", "--cluster-port", "0", "--admin-port", "0", "--data"]);
        let ended = serve.arg(data.path()).stderr(Stdio::piped()).output().await.unwrap();
        let why = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success() && why.contains(&format!("{variable}={value}")), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_requests_are_no_thousand_lines_even_with_a_liar_and_lines_name_their_trace() {
    let data = tempfile::tempdir().unwrap();
    let mut command = crowd();
    command.args(["--log-json"]).stderr(Stdio::piped());
    let flags = ["--cache-bytes", "0", "--grace", "1s"];
    let mut node = ServeProcess::launch_as(command, data.path(), &flags).await;
    node.ready().await;
    let site = TestSite::small("site", 1);
    let lie = |_: Bytes| Reaction::Answer(Bytes::from_static(b"a lie"));
    let mut liar = ScriptedPeer::connect(node.public, but(&site, lie)).await;
    liar.publish(&site).await.unwrap();
    let mut honest = ScriptedPeer::connect(node.public, site.clone()).await;
    honest.host(&site, Have::All).await.unwrap();
    let mut reader = ScriptedPeer::connect(node.public, ()).await;
    for number in 0..1_000 {
        // The liar alone is left for the last of them.
        if number == 900 {
            honest.ask(|id| PeerMessage::Unhost { id, project: site.project().clone() }).await.unwrap();
        }
        ask(&mut reader, &site, number).await.await.unwrap();
    }
    node.signal("TERM");
    let mut lines = BufReader::new(node.child.stderr.take().unwrap()).lines();
    let mut said = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        let line: serde_json::Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(line["time"].is_string() && line["level"].is_string() && line["event"].is_string(), "{line}");
        said.push(line);
    }
    let of = |event: &str| said.iter().filter(|line| line["event"] == event).collect::<Vec<_>>();
    let lies = of("sessioncast.wrong_bytes");
    assert!((1..10).contains(&lies.len()), "{lies:?}");
    let trace = lies[0]["trace_id"].as_str().expect("the line names its trace");
    assert!(trace.starts_with("4bf92f3577b34da6a3ce929d"), "{trace}");
    assert!(said.len() < 50, "{} lines: {said:#?}", said.len());
    assert_eq!(of("release.committed").len(), 1);
}
