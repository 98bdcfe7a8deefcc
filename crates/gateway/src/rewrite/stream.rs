//! A page on its way through the two parsers, piece by piece as the client reads.

use std::sync::Arc;

use bytes::Bytes;
use crowd_relay::Relay;
use futures_util::stream::{BoxStream, try_unfold};
use futures_util::{Stream, StreamExt};
use lol_html::errors::RewritingError;
use lol_html::send::HtmlRewriter;

use super::alternatives::Alternatives;
use super::boot_tag::{BootTag, Tail};
use super::links::{Links, PageLinks};
use super::page::{Written, writer};
use super::scan::{Nowhere, scanner};
use crate::BodyError;

/// The page of `source` with ordinary links, and `tag` at its end. A page that ends short stays short.
pub(crate) fn rewrite(
    source: impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static,
    links: Links,
    tag: BootTag,
    relay: Arc<Relay>,
) -> impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static {
    let (links, alternatives, written) =
        (Arc::new(links), Arc::<Alternatives>::default(), Written::default());
    let page = Arc::new(PageLinks::new(links.clone()));
    let rewriting = Rewriting {
        source: source.boxed(),
        scanner: Some(scanner(&links, &alternatives)),
        writer: Some(writer(&page, &alternatives, tag.clone(), written.clone())),
        written,
        unread: Tail::default(),
        tag,
        page,
        alternatives,
        relay,
    };
    try_unfold(Some(rewriting), |state| async move {
        match state {
            Some(rewriting) => rewriting.next().await,
            None => Ok(None),
        }
    })
}

struct Rewriting {
    source: BoxStream<'static, Result<Bytes, BodyError>>,
    /// Both end where a page takes more memory than they may have; from there on it goes through as it is.
    scanner: Option<HtmlRewriter<'static, Nowhere>>,
    writer: Option<HtmlRewriter<'static, Written>>,
    written: Written,
    /// The end of what went through as it is.
    unread: Tail,
    tag: BootTag,
    page: Arc<PageLinks>,
    alternatives: Arc<Alternatives>,
    relay: Arc<Relay>,
}

impl Rewriting {
    /// The next bytes, and what is left to do after them.
    async fn next(mut self) -> Result<Option<(Bytes, Option<Self>)>, BodyError> {
        while let Some(piece) = self.source.next().await {
            let written = self.through(piece?).await?;
            if !written.is_empty() {
                return Ok(Some((written, Some(self))));
            }
        }
        if let Some(scanner) = self.scanner.take() {
            let _ = bounded(scanner.end())?;
            self.alternatives.look_up(&self.relay).await;
        }
        let whole = match self.writer.take() {
            Some(writer) => bounded(writer.end())?,
            None => false,
        };
        let mut written = self.written.take();
        if !whole {
            self.unread.add(&written);
            if self.unread.is_closed() {
                written.extend_from_slice(self.page.boot(&self.tag).as_bytes());
            }
        }
        Ok((!written.is_empty()).then(|| (written.into(), None)))
    }

    /// What is written once `piece` has been read.
    async fn through(&mut self, piece: Bytes) -> Result<Bytes, BodyError> {
        if let Some(scanner) = &mut self.scanner {
            if !bounded(scanner.write(&piece))? {
                self.scanner = None;
            }
            self.alternatives.look_up(&self.relay).await;
        }
        let Some(writer) = &mut self.writer else {
            self.unread.add(&piece);
            return Ok(piece);
        };
        if !bounded(writer.write(&piece))? {
            // It has passed on unread what it kept.
            self.writer = None;
            tracing::debug!("page.too_large_to_rewrite");
        }
        let written = self.written.take();
        if self.writer.is_none() {
            self.unread.add(&written);
        }
        Ok(written.into())
    }
}

/// False where a parser needed more memory than it may have, after which it can't be used again.
fn bounded(result: Result<(), RewritingError>) -> Result<bool, RewritingError> {
    match result {
        Err(RewritingError::MemoryLimitExceeded(_)) => Ok(false),
        result => result.map(|()| true),
    }
}
