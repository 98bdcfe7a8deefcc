//! What a failure tells the program that called the command: the exit codes that `crowd --help` lists.

use std::process::ExitCode;

use crowd_peer::PeerError;
use crowd_protocol::{ErrorCode, WireError};

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const NOT_FOUND: u8 = 3;
const NOBODY: u8 = 4;
const TIMEOUT: u8 = 5;
const REFUSED: u8 = 6;

/// A failure that no other part of the program has a type for, with its exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The arguments make no sense together.
    #[error("{0}")]
    Usage(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// It would not be right to do.
    #[error("{0}")]
    Refused(String),
    /// The answer is no, which is no error.
    #[error("{0}")]
    No(String),
}

/// The code for an error, by the first thing in its chain that knows.
pub(crate) fn code_of(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(error.chain().find_map(known).unwrap_or(FAILED))
}

fn known(error: &(dyn std::error::Error + 'static)) -> Option<u8> {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return Some(match failure {
            Failure::Usage(_) => USAGE,
            Failure::NotFound(_) => NOT_FOUND,
            Failure::Refused(_) => REFUSED,
            Failure::No(_) => FAILED,
        });
    }
    if let Some(error) = error.downcast_ref::<PeerError>() {
        return Some(match error {
            PeerError::BadUrl { .. } => USAGE,
            PeerError::OwnerChanged { .. } | PeerError::UnsafePath { .. } => REFUSED,
            error => error.code().map_or(FAILED, of_wire),
        });
    }
    error.downcast_ref::<WireError>().map(|error| of_wire(error.code))
}

fn of_wire(code: ErrorCode) -> u8 {
    match code {
        ErrorCode::BadName | ErrorCode::BadPath => USAGE,
        ErrorCode::UnknownProject | ErrorCode::NotFound => NOT_FOUND,
        ErrorCode::NoPeer => NOBODY,
        ErrorCode::Timeout => TIMEOUT,
        ErrorCode::NameTaken
        | ErrorCode::NotAllowed
        | ErrorCode::BadSignature
        | ErrorCode::StaleVersion
        | ErrorCode::Blocked => REFUSED,
        _ => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn the_code_is_found_below_the_context() {
        let error = |code| PeerError::Wire(WireError::new(code, "why"));
        for (code, exit) in [
            (ErrorCode::UnknownProject, 3),
            (ErrorCode::NoPeer, 4),
            (ErrorCode::Timeout, 5),
            (ErrorCode::NameTaken, 6),
            (ErrorCode::Internal, 1),
        ] {
            let error = Err::<(), _>(error(code)).context("while").context("more").unwrap_err();
            assert_eq!(error.chain().find_map(known), Some(exit));
        }
        assert_eq!(code_of(&anyhow::anyhow!("x")), ExitCode::from(1));
    }
}
