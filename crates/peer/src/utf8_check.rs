//! Whether a file's bytes are UTF-8, told piece by piece as they are read.

use std::str::from_utf8;

#[derive(Debug, Default)]
pub(crate) struct Utf8Check {
    /// The start of a character whose end is in the next piece.
    begun: Vec<u8>,
}

impl Utf8Check {
    /// False where the file, with this piece, is none.
    pub(crate) fn take(&mut self, piece: &[u8]) -> bool {
        let joined;
        let bytes = if self.begun.is_empty() {
            piece
        } else {
            joined = [&self.begun, piece].concat();
            &joined
        };
        match from_utf8(bytes) {
            Ok(_) => self.begun = Vec::new(),
            Err(error) if error.error_len().is_none() => self.begun = bytes[error.valid_up_to()..].to_vec(),
            Err(_) => return false,
        }
        true
    }

    /// False where the file ends within a character.
    pub(crate) fn end(&self) -> bool {
        self.begun.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_utf8(pieces: &[&[u8]]) -> bool {
        let mut check = Utf8Check::default();
        pieces.iter().all(|piece| check.take(piece)) && check.end()
    }

    #[test]
    fn characters_may_lie_across_pieces() {
        let text = "aé€😀".as_bytes();
        for at in 0..=text.len() {
            assert!(is_utf8(&[&text[..at], &text[at..]]), "{at}");
        }
        let single: Vec<&[u8]> = text.chunks(1).collect();
        assert!(is_utf8(&single) && is_utf8(&[]));
        for other in [&[&b"caf\xe9"[..]][..], &[b"caf\xe9", b"x"], &[b"\xe2\x82", b"\xe2"], &[b"\xff\xfe<\0"]]
        {
            assert!(!is_utf8(other), "{other:?}");
        }
    }
}
