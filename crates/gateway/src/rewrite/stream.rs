//! A page on its way through the two parsers, piece by piece as the client reads.

use std::sync::Arc;

use bytes::Bytes;
use crowd_relay::Relay;
use futures_util::stream::{BoxStream, try_unfold};
use futures_util::{Stream, StreamExt};
use lol_html::send::HtmlRewriter;

use super::alternatives::Alternatives;
use super::links::Links;
use super::page::{Written, writer};
use super::scan::{Nowhere, scanner};
use crate::BodyError;

/// The page of `source` with ordinary links. A page that ends short stays short.
pub(crate) fn rewrite(
    source: impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static,
    links: Links,
    relay: Arc<Relay>,
) -> impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static {
    let (links, alternatives, written) = (Arc::new(links), Arc::<Alternatives>::default(), Written::default());
    let rewriting = Rewriting {
        source: source.boxed(),
        scanner: scanner(&links, &alternatives),
        writer: writer(&links, &alternatives, written.clone()),
        written,
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
    scanner: HtmlRewriter<'static, Nowhere>,
    writer: HtmlRewriter<'static, Written>,
    written: Written,
    alternatives: Arc<Alternatives>,
    relay: Arc<Relay>,
}

impl Rewriting {
    /// The next bytes, and what is left to do after them.
    async fn next(mut self) -> Result<Option<(Bytes, Option<Self>)>, BodyError> {
        while let Some(piece) = self.source.next().await {
            let piece = piece?;
            self.scanner.write(&piece)?;
            self.alternatives.look_up(&self.relay).await;
            self.writer.write(&piece)?;
            let written = self.written.take();
            if !written.is_empty() {
                return Ok(Some((written.into(), Some(self))));
            }
        }
        self.scanner.end()?;
        self.alternatives.look_up(&self.relay).await;
        self.writer.end()?;
        Ok(Some((self.written.take().into(), None)))
    }
}
