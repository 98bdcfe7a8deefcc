//! What the flags of a node count in: bytes and times, read and shown with their units.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// `4096`, `64KiB`, `512MiB` or `2GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteCount(pub(crate) u64);

/// `250ms`, `30s`, `5m` or `0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period(pub(crate) Duration);

const BYTE_UNITS: [(&str, u32); 3] = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
const MILLIS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl FromStr for ByteCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no size; try 0, 4096, 64KiB, 512MiB or 2GiB");
        let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
        let shift = match unit {
            "" | "B" => 0,
            unit => {
                let known = BYTE_UNITS.iter().find(|(name, _)| unit == *name || *unit == name[..1]);
                known.ok_or_else(wrong)?.1
            }
        };
        let bytes = number.checked_mul(1 << shift);
        bytes.map(Self).ok_or_else(|| format!("{text:?} is too large"))
    }
}

impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |shift: &u32| self.0 > 0 && self.0.is_multiple_of(1 << shift);
        match BYTE_UNITS.iter().find(|(_, shift)| whole(shift)) {
            Some((unit, shift)) => write!(f, "{}{unit}", self.0 >> shift),
            None => write!(f, "{}", self.0),
        }
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no time; try 0, 250ms, 30s or 5m");
        let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
        if (number, unit) == (0, "") {
            return Ok(Self(Duration::ZERO));
        }
        let (_, millis) = MILLIS.iter().find(|(name, _)| unit == *name).ok_or_else(wrong)?;
        let millis = number.checked_mul(*millis).ok_or_else(|| format!("{text:?} is too long"))?;
        Ok(Self(Duration::from_millis(millis)))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let whole = |unit: u64| millis > 0 && millis.is_multiple_of(u128::from(unit));
        match MILLIS.iter().find(|(_, unit)| whole(*unit)) {
            Some((name, unit)) => write!(f, "{}{name}", millis / u128::from(*unit)),
            None => write!(f, "0s"),
        }
    }
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        let bytes = |text: &str| text.parse().map(|ByteCount(bytes)| bytes);
        assert_eq!(bytes("2MiB"), Ok(2 << 20));
        assert_eq!(bytes("2M"), Ok(2 << 20));
        assert_eq!(bytes("64 KiB"), Ok(64 << 10));
        assert_eq!((bytes("0"), bytes("17B")), (Ok(0), Ok(17)));
        for wrong in ["much", "", "1 parsec", "MiB", "-1", "18446744073709551615GiB"] {
            assert!(bytes(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
    }

    #[test]
    fn times_have_units() {
        let millis = |text: &str| text.parse().map(|Period(time)| time.as_millis());
        assert_eq!((millis("250ms"), millis("30s")), (Ok(250), Ok(30_000)));
        assert_eq!((millis("5m"), millis("0"), millis("2 h")), (Ok(300_000), Ok(0), Ok(7_200_000)));
        for wrong in ["30", "soon", "1d", "-1s", "18446744073709551615h"] {
            assert!(millis(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
    }

    #[test]
    fn what_is_shown_is_read_again() {
        for text in ["0", "17", "64KiB", "512MiB", "3GiB"] {
            assert_eq!(text.parse::<ByteCount>().unwrap().to_string(), text);
        }
        for text in ["0s", "250ms", "30s", "5m", "90s", "1h"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
    }
}
