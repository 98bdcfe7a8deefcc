//! The browser app's files, embedded: what a node serves under `/.crowd/`, its own pages, and the sample site that
//! `crowd new` and `crowd demo` start from. It knows nothing of HTTP; the gateway serves what it gives.

mod asset;
mod page;
mod sample_site;

pub use asset::{Asset, asset};
pub use page::{ProgressPage, landing_page, manage_page, progress_page};
pub use sample_site::{SampleFile, sample_file, sample_files, sample_site, sample_site_as};
