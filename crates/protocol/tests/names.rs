//! Golden vectors of project names.

mod support;

use crowd_protocol::{ErrorCode, ProjectName};
use support::{Vectors, text};

#[test]
fn good_names_are_names() {
    for case in Vectors::load("names.json").cases("/good", 15) {
        assert_eq!(ProjectName::parse(text(case)).unwrap().as_str(), case);
    }
}

#[test]
fn bad_names_are_none() {
    for case in Vectors::load("names.json").cases("/bad", 25) {
        let error = ProjectName::parse(text(case)).expect_err(text(case));
        assert_eq!(error.code, ErrorCode::BadName, "{case}");
    }
}
