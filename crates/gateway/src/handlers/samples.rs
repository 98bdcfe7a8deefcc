//! `/.crowd/sample.json` and `/.crowd/sample/{path}` at the node's own host: the sample site, for who starts a site of
//! their own in the browser. Its files are handed out to be read; none of them ever runs where the keys are.

use async_trait::async_trait;
use bytes::Bytes;
use http::Response;
use hyper::body::Incoming;
use serde::Serialize;

use super::own_file::OwnFile;
use crate::Body;
use crate::asked::Asked;
use crate::cross_origin::readable_anywhere;
use crate::gateway::Handler;
use crate::hosts::Place;
use crate::own_headers::inert;
use crate::refusal::Refusal;

const LIST: &str = "sample.json";
const FOLDER: &str = "sample/";

pub(crate) struct Samples;

#[derive(Serialize)]
struct Listing {
    files: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    path: String,
    r#type: String,
    size: usize,
}

#[async_trait]
impl Handler for Samples {
    fn takes(&self, asked: &Asked) -> bool {
        let own_path = asked.own_path().filter(|_| asked.place == Place::Node);
        own_path.is_some_and(|path| path == LIST || path.starts_with(FOLDER))
    }

    fn route(&self) -> &'static str {
        "/.crowd/sample/{path}"
    }

    async fn answer(&self, asked: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        let file = match asked.own_path().and_then(|path| path.strip_prefix(FOLDER)) {
            Some(path) => file(path)?,
            None => list(),
        };
        let mut response = file.answer(&asked);
        inert(response.headers_mut());
        readable_anywhere(response.headers_mut());
        Ok(response)
    }
}

fn list() -> OwnFile {
    let files = crowd_app::sample_files().map(|file| Listed {
        path: file.path.into_owned(),
        r#type: file.media_type,
        size: file.bytes.len(),
    });
    let listing = Listing { files: files.collect() };
    OwnFile::new(serde_json::to_vec(&listing).expect("plain text and numbers are JSON"), "application/json")
}

fn file(path: &str) -> Result<OwnFile, Refusal> {
    let file = crowd_app::sample_file(path);
    let file = file.ok_or_else(|| Refusal::not_found("the sample site has no such file"))?;
    let bytes = match file.bytes {
        std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
    };
    Ok(OwnFile::new(bytes, file.media_type))
}
