//! The text of `style` elements, which comes in pieces and is rewritten whole.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lol_html::html_content::{ContentType, TextChunk};

use super::crowd_link::mentions_crowd;
use super::css::rewrite_css;
use super::links::PageLinks;

/// Bytes of a `style` element that are kept to be rewritten; a longer one stays as it is.
const MAX_STYLE: usize = 256 << 10;

#[derive(Debug)]
pub(crate) struct StyleText {
    links: Arc<PageLinks>,
    kept: Mutex<Kept>,
}

/// Of the element that is being read.
#[derive(Debug, Default)]
struct Kept {
    text: String,
    too_long: bool,
}

impl StyleText {
    pub(crate) fn new(links: Arc<PageLinks>) -> Self {
        Self { links, kept: Mutex::default() }
    }

    /// Takes a piece, and puts all of them in the place of the last.
    pub(crate) fn take(&self, chunk: &mut TextChunk<'_>) {
        let (mut kept, last) = (self.lock(), chunk.last_in_text_node());
        if kept.too_long {
            kept.too_long = !last;
            return;
        }
        kept.text.push_str(chunk.as_str());
        if last {
            let css = std::mem::take(&mut kept.text);
            let links = &self.links;
            let changed =
                mentions_crowd(&css).then(|| rewrite_css(&css, &|url| links.convert(url))).flatten();
            chunk.replace(&changed.unwrap_or(css), ContentType::Html);
        } else if kept.text.len() > MAX_STYLE {
            kept.too_long = true;
            chunk.replace(&std::mem::take(&mut kept.text), ContentType::Html);
        } else {
            chunk.remove();
        }
    }

    /// What was taken and is nowhere yet: the parser gives up before it saw the last piece.
    pub(crate) fn give_up(&self) -> String {
        std::mem::take(&mut self.lock().text)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
