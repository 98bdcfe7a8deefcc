//! Makes the crowd links of a page ordinary ones while it streams through, for browsers without the app's worker.
//!
//! Two parsers read the page in step: the first finds whose projects `data-src` alternatives name, so that the registry
//! can be asked about them; the second writes the page.

mod alternatives;
mod crowd_link;
mod css;
mod links;
mod page;
mod scan;
mod srcset;
mod stream;

pub(crate) use links::Links;
pub(crate) use stream::rewrite;
