//! Errors of sessioncasts, between nodes.

use crowd_protocol::{ErrorCode, WireError};

use crate::v1;

/// The failure that tells `error` to the node that asked `id`.
pub fn failure_of(id: u64, error: &WireError) -> v1::Failure {
    v1::Failure {
        id,
        code: error.code.as_str().to_owned(),
        message: error.message.clone().into_owned(),
        retry_after_ms: error.retry_after_ms,
    }
}

/// What a failure says. Its message is cut to what an error may have; an unknown code is `unknown`.
pub fn wire_error_of(failure: v1::Failure) -> WireError {
    let Ok(code) = failure.code.parse::<ErrorCode>();
    WireError { retry_after_ms: failure.retry_after_ms, ..WireError::new(code, failure.message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_come_back() {
        for error in [WireError::new(ErrorCode::NoPeer, "nobody"), WireError::rate_limited("later", 500)] {
            assert_eq!(wire_error_of(failure_of(7, &error)), error);
        }
        let strange =
            v1::Failure { id: 1, code: "novel".into(), message: "x".repeat(9_000), retry_after_ms: None };
        let error = wire_error_of(strange);
        assert_eq!(error.code, ErrorCode::Unknown);
        assert!(error.message.len() <= 1_024);
    }
}
