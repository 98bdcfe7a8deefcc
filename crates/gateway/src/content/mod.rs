//! A project's file as HTTP content: its headers, conditions and ranges, and its bytes as a stream of chunks.

mod conditions;
mod entity_tag;
mod file_answer;
mod file_stream;
mod headers;
mod range;

pub(crate) use entity_tag::EntityTag;
pub(crate) use file_answer::FileAnswer;
pub(crate) use file_stream::shared_bytes;
pub(crate) use headers::{Form, content_headers, is_html};
