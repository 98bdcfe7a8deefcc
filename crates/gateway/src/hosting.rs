//! Whether the visitors of a project host it.

use std::fmt;
use std::str::FromStr;

/// What the operator wants of the browser app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hosting {
    /// It hosts, says so and shows a switch; on a metered connection it asks first.
    #[default]
    Notice,
    /// It asks before it uploads anything.
    Ask,
    /// It never hosts.
    Off,
}

impl Hosting {
    /// As flags and the app have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Ask => "ask",
            Self::Off => "off",
        }
    }
}

impl fmt::Display for Hosting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Hosting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Notice, Self::Ask, Self::Off].into_iter().find(|known| known.as_str() == text);
        known.ok_or_else(|| format!("{text:?} is none of notice, ask and off"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_read_as_it_is_written() {
        for hosting in [Hosting::Notice, Hosting::Ask, Hosting::Off] {
            assert_eq!(hosting.to_string().parse(), Ok(hosting));
        }
        assert!("Notice".parse::<Hosting>().is_err());
    }
}
