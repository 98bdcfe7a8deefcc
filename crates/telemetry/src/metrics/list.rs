//! Every metric of a node, in one list: what is described, present from the start, and in the table of `METRICS.md`.
//!
//! Labels come from small closed sets: never a project, a peer or an address, which strangers could multiply.

use super::described::{Described, Kind, LabelValues};

/// How a request ended: `ok`, a code of the protocol, or what only HTTP knows.
const OUTCOMES: &[&str] = &[
    "ok",
    "bad_message",
    "bad_name",
    "bad_path",
    "bad_manifest",
    "bad_signature",
    "unknown_project",
    "not_found",
    "name_taken",
    "not_allowed",
    "stale_version",
    "no_peer",
    "not_here",
    "timeout",
    "too_large",
    "rate_limited",
    "blocked",
    "internal",
    "waiting",
    "other",
];
const DOORS: &[&str] = &["ws", "http", "node"];
const PORTS: &[&str] = &["public", "cluster"];
const OF: LabelValues = ("of", &["peer", "node"]);

const fn counter(name: &'static str, labels: &'static [LabelValues], help: &'static str) -> Described {
    Described { name, kind: Kind::Counter, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [LabelValues], help: &'static str) -> Described {
    Described { name, kind: Kind::Gauge, labels, help }
}

const fn histogram(name: &'static str, labels: &'static [LabelValues], help: &'static str) -> Described {
    Described { name, kind: Kind::Histogram, labels, help }
}

/// Every metric, by what it is about.
pub const METRICS: &[Described] = &[
    // Requests: what visitors notice.
    counter(
        "crowd_requests_total",
        &[("door", DOORS), ("outcome", OUTCOMES)],
        "Requests answered, by the door they came in by (another node's are `node`) and how they ended.",
    ),
    histogram(
        "crowd_request_seconds",
        &[("door", DOORS)],
        "From a request to its answer; over HTTP to the first chunk of it.",
    ),
    histogram(
        "crowd_hop_seconds",
        &[("hop", &["peer", "node", "lookup", "registry_read", "registry_write"])],
        "What requests wait for: answers of local peers and of other nodes, lookups in the directory, the registry.",
    ),
    gauge("crowd_asks", &[OF], "Asks under way to local peers and to other nodes."),
    counter(
        "crowd_failovers_total",
        &[OF, ("why", &["refused", "lied", "silent", "closed", "busy"])],
        "Asks that brought nothing, after which the next candidate was asked; `lied`: the bytes had another hash.",
    ),
    counter(
        "crowd_hedges_total",
        &[("why", &["silent", "slow"])],
        "Second candidates asked while the first was still at it.",
    ),
    gauge(
        "crowd_responders_faulty",
        &[OF],
        "Peers and nodes that answered wrong, or not, so lately that they are asked last.",
    ),
    counter("crowd_requests_shared_total", &[], "Requests that joined an equal one already under way."),
    counter(
        "crowd_received_bytes_total",
        &[("door", &["ws", "node"])],
        "Bytes that came in: of peers' sockets, of chunks from other nodes.",
    ),
    counter(
        "crowd_sent_bytes_total",
        &[("door", DOORS)],
        "Bytes that went out: of peers' sockets, of HTTP bodies, of chunks to other nodes.",
    ),
    // What memory is for.
    counter("crowd_cache_lookups_total", &[("outcome", &["hit", "miss"])], "Chunks looked for in the cache."),
    gauge("crowd_cache_bytes", &[], "Bytes of chunks in the cache."),
    gauge(
        "crowd_room_used_ratio",
        &[("room", &["chunks", "manifests"])],
        "The part of the room for answers that is taken, 0 to 1.",
    ),
    counter(
        "crowd_room_waits_total",
        &[
            ("room", &["chunks", "manifests", "connection", "stylesheets"]),
            ("outcome", &["granted", "refused"]),
        ],
        "Answers that had to wait for room, in the node or on their connection, and whether they got it.",
    ),
    counter(
        "crowd_queue_full_total",
        &[(
            "queue",
            &[
                "peer_asks",
                "node_asks",
                "outbox",
                "updates",
                "announcements",
                "late_answers",
                "gossip_in",
                "gossip_out",
            ],
        )],
        "Times that a bounded queue was full: what came was turned away, or its sender is read no further.",
    ),
    // Peers.
    gauge("crowd_sessions", &[], "Peers connected by WebSocket."),
    gauge("crowd_sessions_limit", &[], "Peers that may be connected at once."),
    counter(
        "crowd_handshakes_total",
        &[("outcome", &["accepted", "refused", "full", "leaving"])],
        "WebSocket handshakes; `refused`: they broke its rules.",
    ),
    counter(
        "crowd_sessions_ended_total",
        &[("why", &["left", "silent", "stuck", "malformed", "too_large", "broken", "draining"])],
        "Sessions that ended; `stuck`: the peer's line took nothing any more.",
    ),
    gauge(
        "crowd_peers_over_upload_cap",
        &[],
        "Pages that have uploaded enough for today and are asked no more.",
    ),
    gauge("crowd_projects_hosted", &[], "Projects that this node's peers host."),
    counter(
        "crowd_publishes_total",
        &[("outcome", OUTCOMES)],
        "Releases that peers published, and how it ended.",
    ),
    // HTTP.
    counter(
        "crowd_http_responses_total",
        &[("status", &["1xx", "2xx", "3xx", "4xx", "5xx"])],
        "Responses of the public ports, whatever was asked.",
    ),
    gauge(
        "crowd_http_connections",
        &[],
        "Connections of the public ports; one that became a session counts no more.",
    ),
    counter(
        "crowd_http_cut_short_total",
        &[],
        "Responses that broke off because a later chunk could not be had.",
    ),
    counter(
        "crowd_http_late_answers_total",
        &[],
        "Pages that were not here in time and are fetched on for the next try.",
    ),
    counter(
        "crowd_http_accept_failures_total",
        &[],
        "Connections that the system could not give: out of descriptors, mostly.",
    ),
    // Certificates.
    counter(
        "crowd_tls_handshakes_total",
        &[("port", PORTS), ("outcome", &["done", "plain", "refused", "failed", "timed_out", "crowded"])],
        "TLS handshakes; `plain`: it was none; `refused`: the other side's certificate was not accepted; `crowded`: \
         that address had 16 others under way (cluster port).",
    ),
    counter(
        "crowd_tls_reloads_total",
        &[("port", PORTS), ("outcome", &["done", "failed"])],
        "Certificates read anew because their files changed; a pair that is not taken is tried again, and counted, every minute.",
    ),
    gauge(
        "crowd_tls_not_after_timestamp_seconds",
        &[("port", PORTS)],
        "When the certificate that is served ends, in Unix time; 0 without one.",
    ),
    // The cluster.
    gauge("crowd_ready", &[], "1 while `/readyz` says so."),
    gauge("crowd_members", &[], "Nodes that are up, as this one sees it, itself included."),
    counter(
        "crowd_member_changes_total",
        &[("change", &["up", "down"])],
        "Nodes seen to come up and to go down.",
    ),
    gauge(
        "crowd_ring_share_ratio",
        &[],
        "The part of all projects, 0 to 1, that this node is the first owner of.",
    ),
    gauge(
        "crowd_ring_in_transition",
        &[],
        "1 for a while after a change of the ring, in which more nodes are asked.",
    ),
    counter(
        "crowd_gossip_packets_total",
        &[("outcome", &["received", "sent", "failed", "expired", "refused"])],
        "Packets of the membership protocol.",
    ),
    gauge("crowd_directory_rows", &[], "Rows of the directory that this node keeps for others."),
    counter(
        "crowd_lookups_total",
        &[("outcome", &["found", "last_resort", "nobody"])],
        "Lookups that owners were asked for; `last_resort`: only asking every node found somebody.",
    ),
    counter(
        "crowd_directory_deliveries_total",
        &[("kind", &["announce", "sync", "renew"]), ("outcome", &["delivered", "failed"])],
        "What this node told the owners of its projects.",
    ),
    counter(
        "crowd_announcements_late_total",
        &[],
        "Announcements that not every owner had confirmed after a second.",
    ),
    counter("crowd_link_breaks_total", &[], "Links to other nodes that broke, or could not be opened."),
    counter("crowd_foreign_calls_total", &[], "Calls of nodes of another cluster, refused."),
    // The registry of names.
    counter(
        "crowd_registry_calls_total",
        &[
            ("call", &["get", "compare_and_set"]),
            ("outcome", &["ok", "conflict", "unavailable", "corrupt", "storage", "abandoned"]),
        ],
        "Calls of the registry; `abandoned`: nobody waited any longer.",
    ),
    gauge("crowd_registry_following", &[], "1 while changes of the registry are heard of as they happen."),
    // The process.
    gauge("crowd_build_info", &[("version", &[])], "1; what runs is in its label."),
    counter("process_cpu_seconds_total", &[], "Processor time used, in user and system mode."),
    gauge("process_resident_memory_bytes", &[], "Memory in use."),
    gauge("process_open_fds", &[], "File descriptors that are open."),
    gauge("process_max_fds", &[], "File descriptors that may be open."),
    gauge("process_threads", &[], "Threads."),
    gauge("process_start_time_seconds", &[], "When the process started, in Unix time."),
];
