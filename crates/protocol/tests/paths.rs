//! Golden vectors of paths: in manifests, in requests, and percent-encoded in addresses.

mod support;

use crowd_protocol::{ErrorCode, FilePath, RequestPath, percent_decode};
use support::{Vectors, text};

#[test]
fn paths_of_files() {
    let vectors = Vectors::load("paths.json");
    for case in vectors.cases("/files/good", 25) {
        assert_eq!(FilePath::parse(text(case)).unwrap().as_str(), case);
        assert_eq!(RequestPath::parse(text(case)).unwrap().as_str(), case, "each file can be asked for");
    }
    for case in vectors.cases("/files/bad", 25) {
        let error = FilePath::parse(text(case)).expect_err(text(case));
        assert_eq!(error.code, ErrorCode::BadPath, "{case}");
    }
}

#[test]
fn paths_of_requests() {
    let vectors = Vectors::load("paths.json");
    for case in vectors.cases("/requests/good", 8) {
        let path = RequestPath::parse(text(&case["path"])).unwrap();
        assert_eq!(path.as_str(), case["path"]);
        assert_eq!(path.is_folder(), case["folder"], "{case}");
    }
    for case in vectors.cases("/requests/bad", 10) {
        let error = RequestPath::parse(text(case)).expect_err(text(case));
        assert_eq!(error.code, ErrorCode::BadPath, "{case}");
    }
}

#[test]
fn encoded_paths_are_decoded_once() {
    let vectors = Vectors::load("paths.json");
    for case in vectors.cases("/encoded/good", 15) {
        assert_eq!(percent_decode(text(&case["encoded"])).unwrap(), text(&case["decoded"]));
        assert_eq!(RequestPath::from_encoded(text(&case["encoded"])).unwrap().as_str(), case["decoded"]);
    }
    for case in vectors.cases("/encoded/bad", 30) {
        let error = RequestPath::from_encoded(text(case)).expect_err(text(case));
        assert_eq!(error.code, ErrorCode::BadPath, "{case}");
    }
}
