//! Golden vectors of `crowd://` addresses.

mod support;

use crowd_protocol::{CrowdAddress, Server};
use serde_json::json;
use support::{Vectors, text};

#[test]
fn good_addresses_are_read_and_written_again() {
    for case in Vectors::load("addresses.json").cases("/good", 30) {
        let address =
            CrowdAddress::parse(text(&case["text"])).unwrap_or_else(|error| panic!("{case}: {error}"));
        let server = address.server.as_ref();
        let read = json!({
            "text": case["text"],
            "server": server.map(|server| &server.host),
            "port": server.and_then(|server| server.port),
            "project": address.project.as_str(),
            "path": address.path.as_str(),
            "canonical": address.to_string(),
        });
        assert_eq!(&read, case);
        assert_eq!(CrowdAddress::parse(text(&case["canonical"])).unwrap(), address, "{case}");
    }
}

#[test]
fn bad_addresses_are_refused() {
    for case in Vectors::load("addresses.json").cases("/bad", 70) {
        match CrowdAddress::parse(text(&case["text"])) {
            Ok(address) => panic!("{case}: read as {address:?}"),
            Err(error) => assert_eq!(error.code.as_str(), case["code"], "{case}: {error}"),
        }
    }
}

#[test]
fn a_server_may_stand_alone() {
    for (text, host, port) in [("[::1]:80", "::1", Some(80)), ("n.example", "n.example", None)] {
        let server = Server::parse(text).unwrap();
        assert_eq!((server.host.as_str(), server.port), (host, port));
        assert_eq!(server.to_string(), text);
    }
}
