//! The first of the two parsers: finds which projects a page's alternatives name, and writes nothing.

use std::sync::Arc;

use html_escape::decode_html_entities;
use lol_html::send::{Element, HtmlRewriter};
use lol_html::{OutputSink, element};

use super::alternatives::{Alternatives, places};
use super::crowd_link::CrowdLink;
use super::links::Links;
use super::page::{primary_attribute, settings};

pub(crate) struct Nowhere;

impl OutputSink for Nowhere {
    fn handle_chunk(&mut self, _: &[u8]) {}
}

pub(crate) fn scanner(
    links: &Arc<Links>,
    alternatives: &Arc<Alternatives>,
) -> HtmlRewriter<'static, Nowhere> {
    let (links, alternatives) = (links.clone(), alternatives.clone());
    let handler = element!("[data-src]", move |element: &mut Element<'_, '_>| {
        let value = |name: &str| {
            let raw = element.get_attribute(name)?;
            Some(decode_html_entities(&raw).into_owned())
        };
        let own = value(primary_attribute(&element.tag_name())).and_then(|url| CrowdLink::parse(&url));
        let list = value("data-src").unwrap_or_default();
        for link in own.into_iter().chain(places(&list)) {
            alternatives.want(&links, &link);
        }
        Ok(())
    });
    HtmlRewriter::new(settings().append_element_content_handler(handler), Nowhere)
}
