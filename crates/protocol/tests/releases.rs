//! Golden vectors of releases: what is signed, what verifies, and what is refused at which step.

mod support;

use crowd_protocol::{ChunkHash, ErrorCode, MAX_VERSION, OwnerKey, ProjectName, Release, SigningKey};
use support::{Vectors, text};

#[test]
fn good_releases_are_signed_and_verified() {
    for case in Vectors::load("releases.json").cases("/good", 4) {
        let release = Release::parse(text(&case["json"]).as_bytes()).unwrap();
        release.verify().unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(release.signed_bytes(), text(&case["signed"]));
        assert_eq!(hex::encode(release.owner.as_bytes()), case["owner_hex"]);

        let seed = hex::decode(text(&case["seed"])).unwrap().try_into().unwrap();
        let fields = &case["fields"];
        let signed = Release::sign(
            &SigningKey::from_bytes(&seed),
            ProjectName::parse(text(&fields["project"])).unwrap(),
            fields["version"].as_u64().unwrap(),
            ChunkHash::parse(text(&fields["manifest"])).unwrap(),
            text(&fields["created"]),
        )
        .unwrap();
        assert_eq!(signed, release);
        assert_eq!(signed.to_json(), text(case.get("canonical").unwrap_or(&case["json"])));
    }
}

#[test]
fn the_first_release_is_of_the_first_manifest() {
    let (releases, manifests) = (Vectors::load("releases.json"), Vectors::load("manifests.json"));
    let manifest = text(&manifests.cases("/good", 1)[0]["json"]);
    let release = Release::parse(text(&releases.cases("/good", 1)[0]["json"]).as_bytes()).unwrap();
    assert_eq!(release.manifest, ChunkHash::of(manifest.as_bytes()));
}

#[test]
fn bad_releases_are_refused_at_their_step() {
    for case in Vectors::load("releases.json").cases("/bad", 100) {
        let (step, error) = match Release::parse(text(&case["json"]).as_bytes()) {
            Err(error) => ("parse", error),
            Ok(release) => ("verify", release.verify().expect_err(text(&case["name"]))),
        };
        assert_eq!(step, case["stage"], "{}: {error}", case["name"]);
        assert_eq!(error.code.as_str(), case["code"], "{}: {error}", case["name"]);
    }
}

#[test]
fn only_what_can_be_read_is_signed() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let sign = |version, created: &str| {
        Release::sign(&key, ProjectName::parse("p").unwrap(), version, ChunkHash::of(b""), created)
    };
    let release = sign(MAX_VERSION, "2026-11-22T17:00:00Z").unwrap();
    assert_eq!(release.owner, OwnerKey::of(&key));
    assert_eq!(OwnerKey::parse(&release.owner.to_string()), Some(release.owner));
    for (version, created) in [
        (0, "2026-11-22T17:00:00Z"),
        (MAX_VERSION + 1, "2026-11-22T17:00:00Z"),
        (1, "2026-11-22T17:00:00"),
        (1, "2026-11-22T17:00:00Z\n9"),
    ] {
        assert_eq!(sign(version, created).unwrap_err().code, ErrorCode::BadMessage, "{version} {created:?}");
    }
}
