//! How far something has come: a bar where a person watches, a line now and then where a file does.

use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::output;

/// Between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Where bars are drawn.
pub(crate) struct Screen {
    bars: Option<MultiProgress>,
    /// Nothing at all is shown.
    quiet: bool,
}

impl Screen {
    /// Bars on a terminal, lines elsewhere; with `quiet`, neither.
    pub(crate) fn new(quiet: bool) -> Self {
        Self { bars: (!quiet && output::watched()).then(MultiProgress::new), quiet }
    }

    /// Something that is counted in bytes.
    pub(crate) fn bytes(&self, what: impl Into<String>) -> Progress {
        self.add(what.into(), "{prefix} {bar:24} {binary_bytes}/{binary_total_bytes} {msg}", None)
    }

    /// Something that is counted in chunks.
    pub(crate) fn chunks(&self, what: impl Into<String>) -> Progress {
        self.add(what.into(), "{prefix} {bar:24} {pos}/{len} chunks {msg}", Some("chunks"))
    }

    /// Something that is counted in names.
    pub(crate) fn names(&self, what: impl Into<String>) -> Progress {
        self.add(what.into(), "{prefix} {bar:24} {pos}/{len} names {msg}", Some("names"))
    }

    /// A line that is told anew.
    pub(crate) fn line(&self) -> Progress {
        self.add(String::new(), "{spinner} {msg}", None)
    }

    /// A remark above the bars.
    pub(crate) fn remark(&self, line: impl std::fmt::Display) {
        match &self.bars {
            Some(bars) => bars.suspend(|| output::remark(line)),
            None if self.quiet => {}
            None => output::remark(line),
        }
    }

    fn add(&self, what: String, template: &'static str, counted: Option<&'static str>) -> Progress {
        let bar = self.bars.as_ref().map(|bars| {
            let style = ProgressStyle::with_template(template).expect("the template is ours");
            let bar = bars.add(ProgressBar::new(0).with_style(style).with_prefix(what.clone()));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Progress { bar, what, counted, quiet: self.quiet, said: Instant::now(), last: String::new() }
    }
}

/// One thing's progress.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    what: String,
    /// What is counted; bytes where it is none.
    counted: Option<&'static str>,
    quiet: bool,
    said: Instant,
    last: String,
}

impl Progress {
    /// `done` of `of`.
    pub(crate) fn set(&mut self, done: u64, of: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(of);
            bar.set_position(done);
        } else if done < of {
            let of_all = match self.counted {
                Some(noun) => format!("{done} of {of} {noun}"),
                None => format!("{} of {}", output::size(done), output::size(of)),
            };
            self.line_now_and_then(format!("{} {of_all}", self.what));
        }
    }

    /// A line that replaces the one before.
    pub(crate) fn tell(&mut self, line: String) {
        match &self.bar {
            Some(bar) => bar.set_message(line),
            None => self.line_now_and_then(line),
        }
    }

    /// It is over; the bar goes.
    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn line_now_and_then(&mut self, line: String) {
        if !self.quiet && self.said.elapsed() >= LINE_EVERY && line != self.last {
            output::remark(&line);
            self.said = Instant::now();
            self.last = line;
        }
    }
}
