//! What the command says of itself: its flags, their names in the environment, their defaults.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::crowd;

/// The long help of one subcommand, taken apart.
pub struct Help {
    /// Each flag, `--port`, with the default that the help states in a line of its own.
    pub flags: BTreeMap<String, Option<String>>,
    /// The names in the environment.
    pub variables: BTreeSet<String>,
}

impl Help {
    /// `crowd COMMAND --help`, of the binary under test.
    pub fn of(command: &str) -> Self {
        let program = crowd();
        let mut program = std::process::Command::new(program.as_std().get_program());
        let output = program.args([command, "--help"]).env_clear().output().expect("it can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut help = Self { flags: BTreeMap::new(), variables: BTreeSet::new() };
        let mut flag = String::new();
        for line in String::from_utf8_lossy(&output.stdout).lines().map(str::trim) {
            if line.starts_with('-')
                && let Some(at) = line.find("--")
            {
                let name = |c: char| c == '-' || c.is_ascii_alphanumeric();
                flag = line[at..].chars().take_while(|c| name(*c)).collect();
                help.flags.entry(flag.clone()).or_insert(None);
            } else if let Some(variable) = line.strip_prefix("[env: ") {
                help.variables.insert(variable.split('=').next().unwrap_or_default().to_owned());
            } else if let Some(default) =
                line.strip_prefix("[default: ").and_then(|rest| rest.strip_suffix(']'))
            {
                help.flags.insert(flag.clone(), Some(default.to_owned()));
            }
        }
        help
    }

    /// The default of a flag that has one.
    pub fn default(&self, flag: &str) -> &str {
        let known = self.flags.get(flag).unwrap_or_else(|| panic!("there is no {flag}"));
        known.as_deref().unwrap_or_else(|| panic!("{flag} has no default"))
    }
}

/// `30s`, `5m` or `250ms`, as flags and compose files write it.
pub fn duration(text: &str) -> Duration {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().unwrap_or_else(|_| panic!("{text} is no time"));
    match unit {
        "ms" => Duration::from_millis(number),
        "s" | "" => Duration::from_secs(number),
        "m" => Duration::from_secs(60 * number),
        _ => panic!("{text} is no time"),
    }
}
