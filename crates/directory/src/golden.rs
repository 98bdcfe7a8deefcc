//! The vectors of `vectors/ring.json`, written by an implementation that is not this one. A difference here means
//! that nodes of two versions could not share a ring.

use crowd_protocol::ProjectName;
use serde::Deserialize;

use crate::mix::{RingHash, key};
use crate::{Hosting, NodeName, Ring};

#[derive(Deserialize)]
struct Vectors {
    keys: Vec<KeyVector>,
    places: Vec<PlaceVector>,
    digests: Vec<DigestVector>,
    rings: Vec<RingVector>,
}

#[derive(Deserialize)]
struct KeyVector {
    name: String,
    key: String,
}

#[derive(Deserialize)]
struct PlaceVector {
    of: String,
    place: String,
}

#[derive(Deserialize)]
struct DigestVector {
    project: String,
    version: u64,
    all: u32,
    part: u32,
    digest: String,
}

#[derive(Deserialize)]
struct RingVector {
    nodes: Vec<String>,
    shares: Vec<f64>,
    owners: Vec<OwnersVector>,
}

#[derive(Deserialize)]
struct OwnersVector {
    project: String,
    owners: Vec<String>,
}

#[test]
fn keys_and_places_are_as_pinned() {
    use std::hash::BuildHasher;
    for vector in vectors().keys {
        assert_eq!(key(&vector.name), number(&vector.key), "{}", vector.name);
    }
    for vector in vectors().places {
        assert_eq!(RingHash.hash_one(number(&vector.of)), number(&vector.place), "{}", vector.of);
    }
}

#[test]
fn digests_are_as_pinned() {
    for vector in vectors().digests {
        let DigestVector { version, all, part, .. } = vector;
        let hosting = Hosting { version, all, part, sample: vec!["left out of it".into()] };
        assert_eq!(hosting.digest(key(&vector.project)), number(&vector.digest), "{}", vector.project);
    }
}

#[test]
fn owners_and_shares_are_as_pinned() {
    for vector in vectors().rings {
        let ring: Ring = vector.nodes.iter().map(|node| NodeName::from(node.as_str())).collect();
        for (node, share) in vector.nodes.iter().zip(vector.shares) {
            assert!((ring.share(&NodeName::from(node.as_str())) - share).abs() < 1e-8, "{node} of {ring:?}");
        }
        for of in vector.owners {
            let owners = ring.owners(&ProjectName::parse(&of.project).unwrap());
            let owners: Vec<&str> = owners.iter().map(NodeName::as_str).collect();
            assert_eq!(owners, of.owners, "{} on {ring:?}", of.project);
        }
    }
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/ring.json")).unwrap()
}

fn number(hex: &str) -> u64 {
    u64::from_str_radix(hex, 16).unwrap()
}
