//! One trace for each sessioncast, from whoever asks to the peer that answers and back: what real nodes send to a real
//! collector, put together again and held against the tree that it should be.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::{ErrorCode, Have, NodeMessage, PeerMessage, Want};
use crowd_tests::{
    Collector, Reaction, ScriptedPeer, ServeProcess, TestSite, Trace, TracedSpan, but, crowd, eventually,
    noise, send,
};
use tokio::process::Child;

/// The span of a client that exports nothing itself.
const CALLER: &str = "00f067aa0ba902b7";

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_by_a_command_is_one_trace_from_it_to_the_host_and_back() {
    let world = World::start(&[]).await;
    let folder = world.data.path().join("docs");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("index.html"), "<!doctype html><title>Docs</title>").unwrap();
    let url = |at: usize| format!("http://{}", world.nodes[at].public);
    let _publisher =
        world.command("publisher", &["publish", "--name", "docs", "--node", &url(0)], Some(&folder));
    let mut reader = ScriptedPeer::connect(world.nodes[2].public, ()).await;
    let project = crowd_protocol::ProjectName::parse("docs").unwrap();
    eventually("it is hosted", async || (reader.resolve(&project).await.ok()?.1 == 1).then_some(())).await;
    let out = world.data.path().join("index.html");
    let get = ["get", "crowd://docs/index.html", "--node", &url(2), "-o", out.to_str().unwrap()];
    let ended = world.command("reader", &get, None).wait().await.unwrap();
    assert!(ended.success());

    let trace = eventually("the trace came", async || world.collector.traces_with("crowd").pop()).await;
    // The manifest, which the reader asks for, and the node once more to know the chunk; and the chunk. Each is asked
    // of the node whose peer has it, hashed there, and hashed again where it is kept.
    let manifest = fetched_by_c(3, " manifest=true", true);
    let chunk = fetched_by_c(3, " manifest=false", true);
    let expected = format!(
        "\
crowd internal reader
  sessioncast client reader
    sessioncast.request server c
{manifest}
      sessioncast.answer internal c
  sessioncast client reader
    sessioncast.request server c
{manifest}
{chunk}
      sessioncast.answer internal c
"
    );
    let show = |trace: &Trace| trace.tree(no_second_look, &["crowd.manifest"]);
    world.collector.shows(&trace, show, &expected).await.assert_whole("");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_over_http_goes_on_with_the_browsers_trace_and_says_so() {
    let world = World::start(&[]).await;
    let site = TestSite::small("pages", 1);
    let mut publisher = ScriptedPeer::connect(world.nodes[0].public, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    let (trace, parent) = parent(1);
    let request = http::Request::get("/pages/style.css").header("traceparent", parent);
    let reply = send(world.nodes[2].public, request).await.unwrap();
    assert_eq!((reply.status.as_u16(), &reply.body), (200, &site.file("style.css")));
    assert_eq!(reply.header("x-crowd-trace"), trace);
    let timings: Vec<_> = reply.headers.get_all("server-timing").iter().collect();
    let told = timings.iter().find_map(|value| value.to_str().unwrap().strip_prefix("traceparent;desc="));
    let told = told.unwrap_or_else(|| panic!("{timings:?}")).trim_matches('"');
    assert!(told.starts_with(&format!("00-{trace}-")) && told.ends_with("-01"), "{told}");

    // The manifest, and the file.
    let fetched = fetched_by_c(1, "", false);
    let expected = format!(
        "\
GET /{{project}}/{{path}} server c http.request.method=GET http.response.status_code=200 http.route=/{{project}}/{{path}} \
url.path=/pages/style.css url.scheme=http
{fetched}
{fetched}
"
    );
    let http = ["http.request.method", "http.route", "http.response.status_code", "url.path", "url.scheme"];
    let show = |trace: &Trace| trace.tree(no_second_look, &http);
    let whole = world.collector.shows(&trace, show, &expected).await;
    whole.assert_whole(CALLER);
    let hop = whole.spans().iter().find(|span| span.name == "sessioncast.forwarded").unwrap();
    assert_eq!(hop.attributes["rpc.system"], "grpc");
    assert_eq!(hop.attributes["rpc.service"], "crowd.cluster.v1.Relay");
    let door = whole.spans().iter().find(|span| span.name.starts_with("GET ")).unwrap();
    assert_eq!(door.attributes["server.address"], "127.0.0.1");
    assert_eq!(door.attributes["server.port"], world.nodes[2].public.port().to_string());
    let asked = whole.spans().iter().find(|span| span.name == "sessioncast.ask" && span.who == "c").unwrap();
    assert_eq!(asked.attributes["server.address"], "127.0.0.1");
    assert_eq!(asked.attributes["server.port"], world.nodes[0].cluster.port().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_large_file_only_the_first_chunks_are_in_its_trace() {
    let world = World::start(&[]).await;
    let files = [("large.bin", noise(7, 20 * 65_536)), ("small.bin", noise(8, 1_000))];
    let site = TestSite::of("large", 1, 1, &files);
    let mut publisher = ScriptedPeer::connect(world.nodes[0].public, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    let get = async |path: &str, number| {
        let (trace, parent) = parent(number);
        let request = http::Request::get(format!("/large/{path}")).header("traceparent", parent);
        let reply = send(world.nodes[2].public, request).await.unwrap();
        assert!((reply.status, &reply.body) == (http::StatusCode::OK, &site.file(path)), "{}", reply.status);
        trace
    };
    let (large, last) = (get("large.bin", 5).await, get("small.bin", 6).await);
    // A node sends its spans in the order in which they end.
    let root = |trace: &str| {
        let spans = world.collector.trace(trace);
        spans.spans().iter().find(|span| span.who == "c" && span.kind == "server").cloned()
    };
    eventually("the last trace came", async || root(&last)).await;
    let answer = root(&large).expect("its trace came before");
    assert_eq!(answer.attributes["crowd.chunks.unrecorded"], "4");
    let trace = world.collector.trace(&large);
    let named = |name: &str, who: &str| {
        trace.spans().iter().filter(|span| span.name == name && span.who == who).count()
    };
    // The manifest, and sixteen chunks.
    assert_eq!(named("sessioncast.fetch", "c"), 17);
    assert!(named("sessioncast.forwarded", "a") <= 17);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_after_a_liar_is_its_sibling() {
    let world = World::start(&["--cache-bytes", "0"]).await;
    let lie = |_: Bytes| Reaction::Answer(Bytes::from_static(b"a lie"));
    let (site, _hosts) = world.good_on_a_and_other_on_b(lie).await;
    let (trace, answer) = world.ask(1, &site, 2).await;
    let NodeMessage::Response(answer) = answer else { panic!("{answer:?}") };
    let told = answer.traceparent.expect("the answer names its trace");
    assert_eq!((told.trace_id_hex(), told.is_sampled()), (trace.clone(), true));
    let lied = "    sessioncast.ask client b attempt=1 outcome=lied responder.kind=peer FAILED lied
      sessioncast.verify internal b FAILED wrong_bytes";
    let expected = answered_by_the_second(lied, "");
    world.collector.shows(&trace, attempts, &expected).await.assert_whole(CALLER);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_beside_somebody_mute_is_its_sibling() {
    let world = World::start(&["--cache-bytes", "0"]).await;
    let (site, _hosts) = world.good_on_a_and_other_on_b(|_| Reaction::Mute).await;
    let (trace, answer) = world.ask(1, &site, 3).await;
    assert!(matches!(answer, NodeMessage::Response(_)), "{answer:?}");
    let mute = "    sessioncast.ask client b attempt=1 outcome=abandoned responder.kind=peer";
    let expected = answered_by_the_second(mute, "hedge=silent ");
    world.collector.shows(&trace, attempts, &expected).await.assert_whole(CALLER);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_has_is_a_failed_trace_with_every_owner_in_it() {
    let world = World::start(&["--cache-bytes", "0"]).await;
    let (site, hosts) = world.good_on_a_and_other_on_b(|_| Reaction::NotHere).await;
    drop(hosts);
    let mut reader = ScriptedPeer::connect(world.nodes[2].public, ()).await;
    eventually("nobody hosts it", async || (reader.resolve(site.project()).await.ok()?.1 == 0).then_some(()))
        .await;
    let (trace, answer) = world.ask(2, &site, 4).await;
    let NodeMessage::Error(error) = answer else { panic!("{answer:?}") };
    assert_eq!(error.code, ErrorCode::NoPeer);
    assert_eq!(error.traceparent.unwrap().split('-').nth(1), Some(trace.as_str()));
    let expected = "\
sessioncast.request server c FAILED no_peer
  sessioncast.fetch internal c FAILED no_peer
    directory.lookup internal c
      crowd.cluster.v1.Directory/Lookup client c responder=a
        crowd.cluster.v1.Directory/Lookup server a
      crowd.cluster.v1.Directory/Lookup client c responder=b
        crowd.cluster.v1.Directory/Lookup server b
";
    let show = |trace: &Trace| a_before_b(&trace.tree(|_| true, &["crowd.responder"]));
    let whole = world.collector.shows(&trace, show, expected).await;
    whole.assert_whole(CALLER);
    let called = |span: &&TracedSpan| span.name.ends_with("/Lookup") && span.kind == "client";
    for call in whole.spans().iter().filter(called) {
        assert_eq!(call.attributes["rpc.grpc.status_code"], "0");
        let port: u16 = call.attributes["server.port"].parse().unwrap();
        assert!(world.nodes.iter().any(|node| node.cluster.port() == port), "{port}");
    }
}

/// The lines of what the third node fetches from a peer of the first one, `indent` deep, which tells of its serving or
/// not; `of` is about all of it.
fn fetched_by_c(indent: usize, of: &str, told: bool) -> String {
    let serve = "          sessioncast.serve server publisher\n";
    let serve = if told { serve } else { "" };
    let lines = format!(
        "\
sessioncast.fetch internal c{of}
  directory.lookup internal c
  sessioncast.ask client c{of}
    sessioncast.forwarded server a
      sessioncast.fetch internal a{of}
        sessioncast.ask client a{of}
{serve}          sessioncast.verify internal a
    sessioncast.verify internal c"
    );
    let indent = "  ".repeat(indent);
    lines.lines().map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join("\n")
}

/// The tree of a request at the second node, whose own peer is asked `first`; then the first node is, for the reason
/// `why`.
fn answered_by_the_second(first: &str, why: &str) -> String {
    format!(
        "\
sessioncast.request server b
  sessioncast.fetch internal b
{first}
    directory.lookup internal b
    sessioncast.ask client b attempt=2 {why}outcome=ok responder.kind=node
      sessioncast.forwarded server a
        sessioncast.fetch internal a
          sessioncast.ask client a attempt=1 outcome=ok responder.kind=peer
            sessioncast.verify internal a
  sessioncast.answer internal b
"
    )
}

/// The two owners are asked at once, in either order.
fn a_before_b(tree: &str) -> String {
    let mut lines: Vec<&str> = tree.lines().collect();
    let at = |lines: &[&str], node: &str| {
        lines.iter().position(|line| line.ends_with(&format!("responder={node}")))
    };
    if let (Some(a), Some(b)) = (at(&lines, "a"), at(&lines, "b"))
        && b + 2 == a
        && a + 1 < lines.len()
    {
        lines.swap(a, b);
        lines.swap(a + 1, b + 1);
    }
    lines.join("\n")
}

/// Three nodes, a, b and c, that send their traces to a collector.
struct World {
    collector: Collector,
    nodes: Vec<ServeProcess>,
    data: tempfile::TempDir,
}

impl World {
    async fn start(flags: &[&str]) -> Self {
        let (collector, data) = (Collector::start().await, tempfile::tempdir().unwrap());
        let endpoint = collector.endpoint();
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint), ("OTEL_BSP_SCHEDULE_DELAY", "100")];
        let mut nodes: Vec<ServeProcess> = Vec::new();
        for name in ["a", "b", "c"] {
            let join = nodes.first().map(|node| node.cluster.to_string());
            // Only what is asked for, so that a trace is of one request.
            let mut all = vec!["--name", name, "--trace-ratio", "0", "--trace-strangers", "1000"];
            all.extend(join.iter().flat_map(|seed| ["--join", seed]));
            all.extend(flags);
            let node = ServeProcess::launch(&data.path().join(name), &all, &variables).await;
            node.ready().await;
            nodes.push(node);
        }
        for node in &nodes {
            node.sees(3).await;
        }
        Self { collector, nodes, data }
    }

    /// `crowd …` that exports as the service `who`.
    fn command(&self, who: &str, args: &[&str], folder: Option<&Path>) -> Child {
        let mut command = crowd();
        command
            .env("CROWD_CONFIG_DIR", self.data.path().join(who))
            .env("OTEL_SERVICE_NAME", who)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", self.collector.endpoint())
            .env("OTEL_BSP_SCHEDULE_DELAY", "100");
        command.args(args).args(folder).spawn().expect("the binary is built")
    }

    /// A site of which a peer of the first node has all, and one of the second says so too and reacts as told.
    async fn good_on_a_and_other_on_b(
        &self,
        other: fn(Bytes) -> Reaction,
    ) -> (TestSite, (ScriptedPeer, ScriptedPeer)) {
        let site = TestSite::small("site", 1);
        let mut good = ScriptedPeer::connect(self.nodes[0].public, site.clone()).await;
        good.publish(&site).await.unwrap();
        let mut bad = ScriptedPeer::connect(self.nodes[1].public, but(&site, other)).await;
        bad.host(&site, Have::All).await.unwrap();
        // The manifest is in memory from here on, and each node knows who hosts.
        for node in &self.nodes {
            let head = http::Request::head("/site/index.html");
            assert_eq!(send(node.public, head).await.unwrap().status, 200);
        }
        (site, (good, bad))
    }

    /// Asks the `at`-th node for a stylesheet in a trace that is sampled: the trace, and the answer.
    async fn ask(&self, at: usize, site: &TestSite, number: u8) -> (String, NodeMessage) {
        let mut reader = ScriptedPeer::connect(self.nodes[at].public, ()).await;
        let (trace, parent) = parent(number);
        let (project, want) = (site.project().clone(), Want::Hash(site.hash("style.css", 0)));
        let traceparent = Some(parent);
        let request = |id| PeerMessage::Request { id, project, want, version: None, traceparent };
        let answer = reader.start(request).await;
        let answer = tokio::time::timeout(Duration::from_secs(20), answer).await.expect("in time");
        (trace, answer.expect("the connection stays open"))
    }
}

/// A trace, and the place in it of who begins it.
fn parent(number: u8) -> (String, String) {
    let trace = format!("4bf92f3577b34da6a3ce929d0e0e47{number:02x}");
    let parent = format!("00-{trace}-{CALLER}-01");
    (trace, parent)
}

/// Left out where it comes and goes: a slow machine looks around for others while it waits.
fn no_second_look(span: &TracedSpan) -> bool {
    span.name != "registry.get" && span.attributes.get("crowd.fresh").is_none_or(|fresh| fresh == "false")
}

fn attempts(trace: &Trace) -> String {
    let names = ["crowd.attempt", "crowd.outcome", "crowd.hedge", "crowd.responder.kind"];
    trace.tree(no_second_look, &names)
}
