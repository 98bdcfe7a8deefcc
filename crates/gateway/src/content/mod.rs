//! A project's file as HTTP content: its headers, conditions and ranges, and its bytes as a stream of chunks.

mod conditions;
mod encoding;
mod entity_tag;
mod file_answer;
mod file_stream;
mod headers;
mod range;
mod stylesheet;

pub(crate) use encoding::accepts_gzip;
pub(crate) use entity_tag::EntityTag;
pub(crate) use file_answer::FileAnswer;
pub(crate) use file_stream::shared_bytes;
pub(crate) use headers::{Form, content_headers, is_css, is_html};
pub(crate) use stylesheet::Stylesheets;
