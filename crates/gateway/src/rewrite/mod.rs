//! Makes the crowd links of pages and stylesheets ordinary ones, for browsers without the app's worker; a page does so
//! while it streams through, and gets the script that changes that.
//!
//! Two parsers read the page in step: the first finds whose projects `data-src` alternatives name, so that the registry
//! can be asked about them; the second writes the page.

mod alternatives;
mod boot_tag;
mod crowd_link;
mod css;
mod links;
mod meta;
mod page;
mod refresh;
mod scan;
mod srcset;
mod stream;
mod style_text;

pub(crate) use boot_tag::BootTag;
pub(crate) use crowd_link::{CrowdLink, mentions_crowd};
pub(crate) use css::rewrite_css;
pub(crate) use links::Links;
pub(crate) use stream::rewrite;
