//! An answer that is no content: its status, its headers, and its words for people and for programs.

use std::borrow::Cow;

use crowd_app::ErrorPage;
use crowd_protocol::{ErrorCode, WireError};
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER,
};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::Body;
use crate::own_headers::own_page;

/// Seconds after which a project without a peer is worth another look.
const NO_PEER_RETRY_S: u64 = 5;

/// Why there is no content.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), header: None }
    }

    fn with(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    pub(crate) fn method_not_allowed() -> Self {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self::new(status, "method_not_allowed", "this address answers GET and HEAD only")
            .with(ALLOW, HeaderValue::from_static("GET, HEAD"))
    }

    pub(crate) fn precondition_failed() -> Self {
        let status = StatusCode::PRECONDITION_FAILED;
        Self::new(status, "precondition_failed", "the file is not the one that If-Match names")
    }

    /// The file has `size` bytes and none of them is asked for.
    pub(crate) fn unsatisfiable(size: u64) -> Self {
        let range = HeaderValue::try_from(format!("bytes */{size}")).expect("digits make a header");
        let status = StatusCode::RANGE_NOT_SATISFIABLE;
        Self::new(status, "range_not_satisfiable", "the range lies past the end of the file")
            .with(CONTENT_RANGE, range)
    }

    pub(crate) fn not_found(message: &'static str) -> Self {
        WireError::new(ErrorCode::NotFound, message).into()
    }

    pub(crate) fn not_allowed(message: &'static str) -> Self {
        WireError::new(ErrorCode::NotAllowed, message).into()
    }

    /// The answer: a page where a browser navigates, else one line of text. `trace` is the trace's id or empty.
    pub(crate) fn into_response(self, navigation: bool, trace: &str) -> Response<Body> {
        let internal = self.status == StatusCode::INTERNAL_SERVER_ERROR && !trace.is_empty();
        let (media_type, text) = if navigation {
            let (title, hint) = words(self.status);
            let page = ErrorPage { title, message: &self.message, hint, trace };
            ("text/html; charset=utf-8", crowd_app::error_page(&page))
        } else {
            let line: String = self.message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let trace = if internal { format!(" (trace {trace})") } else { String::new() };
            ("text/plain; charset=utf-8", format!("{}: {line}{trace}\n", self.code))
        };
        let mut response = Response::new(Body::full(text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        own_page(headers);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // A worker of another origin has to be able to read why.
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        if let Some((name, value)) = self.header {
            headers.insert(name, value);
        }
        response
    }
}

impl From<WireError> for Refusal {
    fn from(error: WireError) -> Self {
        let status = match error.code {
            ErrorCode::BadMessage | ErrorCode::BadName | ErrorCode::BadPath => StatusCode::BAD_REQUEST,
            ErrorCode::NotAllowed => StatusCode::FORBIDDEN,
            ErrorCode::UnknownProject | ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::NameTaken | ErrorCode::StaleVersion => StatusCode::CONFLICT,
            ErrorCode::Blocked => StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
            // What peers sent or publishers made is wrong.
            ErrorCode::BadManifest | ErrorCode::BadSignature | ErrorCode::TooLarge => StatusCode::BAD_GATEWAY,
            // It is the node that has no room, not this client that asks too much: not 429.
            ErrorCode::NoPeer | ErrorCode::NotHere | ErrorCode::RateLimited => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            ErrorCode::Timeout => StatusCode::GATEWAY_TIMEOUT,
            ErrorCode::Internal | ErrorCode::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let refusal = Self::new(status, error.code.as_str(), error.message);
        if status != StatusCode::SERVICE_UNAVAILABLE {
            return refusal;
        }
        let seconds = error.retry_after_ms.map_or(NO_PEER_RETRY_S, |ms| ms.div_ceil(1_000).max(1));
        refusal.with(RETRY_AFTER, HeaderValue::from(seconds))
    }
}

/// A title for the error page, and what the visitor can do.
fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        400 => ("That address can’t be read", "Check it for typing errors."),
        403 => ("That is not allowed here", ""),
        404 => ("Nothing here", "Check the address. Whoever publishes a name first owns it."),
        405 => ("That can’t be done here", ""),
        451 => ("Not carried here", "Another cluster may carry it."),
        502 => ("What came back was wrong", "The publisher may have to publish it again."),
        503 => ("Nobody is home", "A project is there while somebody hosts it. Try again in a moment."),
        504 => ("Nobody answered in time", "Its hosts are slow or just left. Try again in a moment."),
        _ => ("Something went wrong", "Try again; if it stays, tell whoever runs this node."),
    }
}
