//! What fits on a screen of a text whose most important lines come first.

use std::io::stdout;

use terminal_size::{Height, Width, terminal_size_of};

/// Stands for the rest of a line.
const CUT: char = '…';

/// A terminal's size, in characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    columns: usize,
    lines: usize,
}

impl Screen {
    /// The one that answers are shown on, as large as it is now; boundless where that is not known.
    pub(super) fn now() -> Self {
        let (Width(columns), Height(lines)) = terminal_size_of(stdout()).unwrap_or((Width(0), Height(0)));
        let known = |size: u16| if size == 0 { usize::MAX } else { size.into() };
        Self { columns: known(columns), lines: known(lines) }
    }

    /// The text, so that no line wraps and none is moved off the top: what is too long is cut, and what does not fit is
    /// counted in the last line. Where it is tight, empty lines go first.
    pub(super) fn fit(self, text: &str) -> String {
        // The last line is where the cursor stays, and a terminal may take its last column for the next line's first.
        let (columns, room) = (self.columns.saturating_sub(1).max(1), self.lines.saturating_sub(1).max(1));
        let mut lines: Vec<String> = text.trim_end().lines().map(|line| cut(line, columns)).collect();
        if lines.len() > room {
            lines.retain(|line| !line.is_empty());
        }
        if lines.len() > room {
            let left = lines.len() - (room - 1);
            lines.truncate(room - 1);
            lines.push(cut(&format!("{CUT} and {left} more lines"), columns));
        }
        lines.join("\n")
    }
}

fn cut(line: &str, columns: usize) -> String {
    match line.chars().count() > columns {
        true => line.chars().take(columns - 1).chain([CUT]).collect(),
        false => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_screen_keeps_what_comes_first() {
        let text = "cluster of some nodes\n\nnode  state\nn1    ready\nn2    ready\n\nbusiest\n";
        let fit = |columns, lines| Screen { columns, lines }.fit(text);
        assert_eq!(fit(usize::MAX, usize::MAX), text.trim_end());
        assert_eq!(fit(22, 8), text.trim_end(), "it fits just so");
        assert_eq!(fit(11, 8).lines().next(), Some("cluster o…"));
        assert_eq!(fit(80, 6), "cluster of some nodes\nnode  state\nn1    ready\nn2    ready\nbusiest");
        assert_eq!(fit(12, 4), "cluster of…\nnode  state\n… and 3 mo…");
        assert_eq!(fit(1, 1), "…");
    }

    #[test]
    fn no_line_is_longer_than_the_screen_nor_are_there_more() {
        let text = "a line of some length\n\n".repeat(40);
        for (columns, lines) in [(1, 1), (2, 2), (50, 12), (21, 80), (22, 81)] {
            let shown = Screen { columns, lines }.fit(&text);
            assert!(shown.lines().count() < lines.max(2), "{columns} {lines}");
            assert!(shown.lines().all(|line| line.chars().count() < columns.max(2)), "{columns} {lines}");
        }
    }
}
