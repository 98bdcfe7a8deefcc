//! The second of the two parsers: writes the page with ordinary links, and the app's boot script at its end.

use std::sync::{Arc, Mutex, PoisonError};

use html_escape::{decode_html_entities, encode_double_quoted_attribute};
use lol_html::errors::RewritingError;
use lol_html::html_content::{BailOut, ContentType, DocumentEnd, TextChunk};
use lol_html::send::{Element, HtmlRewriter, Settings};
use lol_html::{HandlerResult, MemorySettings, OutputSink, bail_out, element, end, text};

use super::alternatives::Alternatives;
use super::boot_tag::BootTag;
use super::crowd_link::{CrowdLink, mentions_crowd};
use super::css::rewrite_css;
use super::links::PageLinks;
use super::meta::rewrite_content;
use super::srcset::rewrite_srcset;
use super::style_text::StyleText;

/// Attributes that are one URL.
const URLS: [&str; 10] =
    ["href", "src", "action", "formaction", "poster", "data", "cite", "background", "xlink:href", "manifest"];
/// Attributes that are a list of images.
const SRCSETS: [&str; 2] = ["srcset", "imagesrcset"];
/// Elements that have any of these, `style` or `data-src`; and `meta`.
const TOUCHED: &str = "[href],[src],[action],[formaction],[poster],[data],[cite],[background],[xlink\\:href],\
    [manifest],[srcset],[imagesrcset],[style],[data-src],meta[content]";
/// Bytes that a parser may keep of one page: what it can't decide yet, such as a very long tag. Past that the rest of
/// the page goes through as it is.
const MEMORY: usize = 1 << 20;

/// What the parser has written and nobody took yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub(crate) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl OutputSink for Written {
    fn handle_chunk(&mut self, chunk: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(chunk);
    }
}

/// What both parsers have in common.
pub(crate) fn settings() -> Settings<'static, 'static> {
    let memory = MemorySettings::new()
        .with_max_allowed_memory_usage(MEMORY)
        .with_graceful_bail_out_on_memory_limit_exceeded(true);
    Settings::new_send().with_memory_settings(memory).with_strict(false).with_adjust_charset_on_meta_tag(true)
}

pub(crate) fn writer(
    links: &Arc<PageLinks>,
    alternatives: &Arc<Alternatives>,
    tag: BootTag,
    written: Written,
) -> HtmlRewriter<'static, Written> {
    let (of_elements, of_boot, alternatives) = (links.clone(), links.clone(), alternatives.clone());
    let elements = element!(TOUCHED, move |element: &mut Element<'_, '_>| {
        rewrite_element(element, &of_elements, &alternatives)
    });
    let style = Arc::new(StyleText::new(links.clone()));
    let kept = style.clone();
    let styles = text!("style", move |chunk: &mut TextChunk<'_>| {
        style.take(chunk);
        Ok(())
    });
    let torn = bail_out!(move |_: &RewritingError, out: &mut BailOut<'_>| {
        out.append(&kept.give_up(), ContentType::Html);
    });
    let boot = end!(move |end: &mut DocumentEnd<'_>| {
        end.append(&of_boot.boot(&tag), ContentType::Html);
        Ok(())
    });
    let settings = settings()
        .append_element_content_handler(elements)
        .append_element_content_handler(styles)
        .append_document_content_handler(boot)
        .append_bail_out_handler(torn);
    HtmlRewriter::new(settings, written)
}

/// The attribute by which an element says what it shows or leads to.
pub(crate) fn primary_attribute(tag: &str) -> &'static str {
    match tag {
        "a" | "area" | "link" | "image" | "use" => "href",
        "form" => "action",
        "object" => "data",
        _ => "src",
    }
}

fn rewrite_element(
    element: &mut Element<'_, '_>,
    links: &PageLinks,
    alternatives: &Alternatives,
) -> HandlerResult {
    let convert = |url: &str| links.convert(url);
    if element.tag_name() == "meta" {
        return edit_meta(element, links);
    }
    if element.tag_name() == "base"
        && let Some(href) = element.get_attribute("href")
    {
        links.take_base(&decode_html_entities(&href));
    }
    place_alternative(element, links, alternatives)?;
    for name in URLS {
        edit(element, name, convert)?;
    }
    for name in SRCSETS {
        edit(element, name, |list| rewrite_srcset(list, convert))?;
    }
    edit(element, "style", |css| rewrite_css(css, &convert))
}

/// Sets the address of an element with alternatives to the one that can be had. An ordinary address of its own stays.
fn place_alternative(
    element: &mut Element<'_, '_>,
    links: &PageLinks,
    alternatives: &Alternatives,
) -> HandlerResult {
    let Some(list) = element.get_attribute("data-src").filter(|list| mentions_crowd(list)) else {
        return Ok(());
    };
    let name = primary_attribute(&element.tag_name());
    let own = match element.get_attribute(name) {
        Some(raw) => match CrowdLink::parse(&decode_html_entities(&raw)) {
            Some(own) => Some(own),
            None => return Ok(()),
        },
        None => None,
    };
    if let Some(chosen) = alternatives.choose(links, own, &decode_html_entities(&list)) {
        element.set_attribute(name, &encode_double_quoted_attribute(&links.url(&chosen)))?;
    }
    Ok(())
}

/// Puts what `change` makes of an attribute in its place; nothing where it makes none.
fn edit(
    element: &mut Element<'_, '_>,
    name: &str,
    change: impl FnOnce(&str) -> Option<String>,
) -> HandlerResult {
    let Some(raw) = element.get_attribute(name).filter(|raw| mentions_crowd(raw)) else { return Ok(()) };
    if let Some(changed) = change(&decode_html_entities(&raw)) {
        element.set_attribute(name, &encode_double_quoted_attribute(&changed))?;
    }
    Ok(())
}

fn edit_meta(element: &mut Element<'_, '_>, links: &PageLinks) -> HandlerResult {
    let Some(raw) = element.get_attribute("content").filter(|raw| mentions_crowd(raw)) else { return Ok(()) };
    if let Some(changed) = rewrite_content(element, &decode_html_entities(&raw), links) {
        element.set_attribute("content", &encode_double_quoted_attribute(&changed))?;
    }
    Ok(())
}
