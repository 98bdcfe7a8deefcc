//! A table of plain text: columns as wide as what is in them, the first ones to the left, numbers to the right.

/// Between two columns.
const GAP: &str = "  ";

/// Lines of equally many cells, the first of them the titles.
#[derive(Debug)]
pub(super) struct Columns<const N: usize> {
    left: usize,
    lines: Vec<[String; N]>,
}

impl<const N: usize> Columns<N> {
    /// The first `left` columns have words, the others numbers.
    pub(super) fn new(left: usize, titles: [&str; N]) -> Self {
        Self { left, lines: vec![titles.map(str::to_owned)] }
    }

    pub(super) fn add(&mut self, line: [String; N]) {
        self.lines.push(line);
    }

    /// Each line ends with a line break, and with nothing before it.
    pub(super) fn text(&self) -> String {
        let width = |at: usize| self.lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
        let widths: [usize; N] = std::array::from_fn(width);
        let line = |line: &[String; N]| {
            let cells = line.iter().zip(widths).enumerate().map(|(at, (cell, width))| {
                if at < self.left { format!("{cell:width$}") } else { format!("{cell:>width$}") }
            });
            cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned() + "\n"
        };
        self.lines.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_left_and_numbers_right() {
        let mut columns = Columns::new(1, ["node", "peers"]);
        columns.add(["a-long-name".into(), "7".into()]);
        columns.add(["ü".into(), "12345678".into()]);
        assert_eq!(columns.text(), "node            peers\na-long-name         7\nü            12345678\n");
    }
}
