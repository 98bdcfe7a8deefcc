//! What is printed: answers on standard output, remarks on standard error. A reader that goes away is no error.

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

/// A line of the answer.
pub(crate) fn say(line: impl std::fmt::Display) {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).ok();
}

/// A remark, which is no part of the answer.
pub(crate) fn remark(line: impl std::fmt::Display) {
    writeln!(io::stderr().lock(), "{line}").ok();
}

/// An answer for programs: one JSON object a line.
pub(crate) fn say_json(object: &Value) {
    say(object);
}

/// Why the command failed.
pub(crate) fn complain(error: &anyhow::Error) {
    remark(format_args!("crowd: {error:#}"));
}

/// True where a person watches the remarks.
pub(crate) fn watched() -> bool {
    io::stderr().is_terminal()
}

/// True where a person watches the answers.
pub(crate) fn is_screen() -> bool {
    io::stdout().is_terminal()
}

/// Bytes for people: `17 B`, `1.4 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    if bytes < 1024 { format!("{bytes} B") } else { indicatif::BinaryBytes(bytes).to_string() }
}

/// `1 file`, `2 files`.
pub(crate) fn count(n: u64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_and_counts_are_for_people() {
        assert_eq!(super::size(17), "17 B");
        assert_eq!(super::size(1_500_000), "1.43 MiB");
        assert_eq!((super::count(1, "file"), super::count(0, "chunk")), ("1 file".into(), "0 chunks".into()));
    }
}
