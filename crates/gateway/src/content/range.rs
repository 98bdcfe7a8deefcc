//! The `Range` header: one range of bytes, or the whole.

use std::ops::Range;

/// What a `Range` comes to for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it: nothing was asked, or what isn't understood, or several ranges.
    Whole,
    /// These bytes, never none.
    Part(Range<u64>),
    /// Bytes that it does not have.
    Unsatisfiable,
}

/// Reads the value of a `Range` for a file of `size` bytes, by RFC 9110: what is malformed is ignored.
pub(crate) fn parse_range(value: &str, size: u64) -> Wanted {
    let Some((unit, spec)) = value.split_once('=') else { return Wanted::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") || spec.contains(',') {
        return Wanted::Whole;
    }
    let Some((first, last)) = spec.trim().split_once('-') else { return Wanted::Whole };
    let bounds = match (number(first), number(last)) {
        (Number::Is(first), Number::None) => first..size,
        (Number::Is(first), Number::Is(last)) if first <= last => first..size.min(last.saturating_add(1)),
        (Number::None, Number::Is(suffix)) => size.saturating_sub(suffix)..size,
        _ => return Wanted::Whole,
    };
    if bounds.is_empty() { Wanted::Unsatisfiable } else { Wanted::Part(bounds) }
}

enum Number {
    None,
    Is(u64),
    Malformed,
}

/// Digits; a number too large for any file stays too large.
fn number(digits: &str) -> Number {
    if digits.is_empty() {
        return Number::None;
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Number::Malformed;
    }
    Number::Is(digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let part = |range| Wanted::Part(range);
        let cases = [
            ("bytes=0-0", 10, part(0..1)),
            ("bytes=2-5", 10, part(2..6)),
            ("bytes=2-", 10, part(2..10)),
            ("bytes=2-99", 10, part(2..10)),
            ("bytes=-3", 10, part(7..10)),
            ("bytes=-99", 10, part(0..10)),
            ("Bytes = 2-5", 10, part(2..6)),
            ("bytes=0-99999999999999999999999", 10, part(0..10)),
            ("bytes=10-", 10, Wanted::Unsatisfiable),
            ("bytes=99999999999999999999999-", 10, Wanted::Unsatisfiable),
            ("bytes=-0", 10, Wanted::Unsatisfiable),
            ("bytes=0-", 0, Wanted::Unsatisfiable),
            ("bytes=-5", 0, Wanted::Unsatisfiable),
            ("bytes=5-2", 10, Wanted::Whole),
            ("bytes=0-1,3-4", 10, Wanted::Whole),
            ("bytes=-", 10, Wanted::Whole),
            ("bytes=a-b", 10, Wanted::Whole),
            ("bytes=+1-2", 10, Wanted::Whole),
            ("bytes 0-1", 10, Wanted::Whole),
            ("lines=0-1", 10, Wanted::Whole),
            ("", 10, Wanted::Whole),
        ];
        for (value, size, expected) in cases {
            assert_eq!(parse_range(value, size), expected, "{value} of {size}");
        }
    }
}
