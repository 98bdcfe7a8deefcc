//! Decoded paths back into URLs.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All that RFC 3986 does not allow in a path as it stands; `%` is part of that, since the path is decoded.
const NOT_IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/');

/// Percent-encodes a decoded path.
pub(crate) fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, NOT_IN_PATHS).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_path_or_a_header_is_escaped() {
        assert_eq!(encode_path("a b/ü?#%41\"<>\\"), "a%20b/%C3%BC%3F%23%2541%22%3C%3E%5C");
        assert_eq!(encode_path("a+b,c;d=e:f@g/(h)"), "a+b,c;d=e:f@g/(h)");
    }
}
