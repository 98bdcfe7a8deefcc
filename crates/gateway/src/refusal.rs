//! An answer that is no content: its status, its headers, and its words for people and for programs.

use std::borrow::Cow;

use crowd_app::ProgressPage;
use crowd_protocol::{ErrorCode, ProjectName, WireError};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::Body;
use crate::content::Form;
use crate::cross_origin::readable_anywhere;
use crate::destination::Destination;
use crate::own_headers::{inert, own_page};

/// Seconds after which a project without a peer is worth another look.
const NO_PEER_RETRY_S: u64 = 5;
/// Seconds after which an answer that is on its way is worth another look.
const WAITING_RETRY_S: u64 = 1;
/// No code of the protocol: the answer is not here yet, and may still come.
const WAITING: &str = "waiting";

/// Why there is no content.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    /// Boxed, since few have one and all are passed on as errors.
    header: Option<Box<(HeaderName, HeaderValue)>>,
    /// What was asked for, and how it was addressed.
    about: Option<(ProjectName, Form)>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), header: None, about: None }
    }

    fn with(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some(Box::new((name, value))), ..self }
    }

    /// The same, of a request for something of `project`.
    pub(crate) fn about(self, project: &ProjectName, form: Form) -> Self {
        Self { about: Some((project.clone(), form)), ..self }
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

    /// The page is not here yet. What was begun for it goes on, for the next try.
    pub(crate) fn waiting() -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, WAITING, "whoever has this page is being asked, and it is not here yet")
            .with(RETRY_AFTER, HeaderValue::from(WAITING_RETRY_S))
    }

    pub(crate) fn not_found(message: &'static str) -> Self {
        WireError::new(ErrorCode::NotFound, message).into()
    }

    pub(crate) fn not_allowed(message: &'static str) -> Self {
        WireError::new(ErrorCode::NotAllowed, message).into()
    }

    /// The answer: a page where somebody opened this address, else one line of text. `trace` is the trace's id or
    /// empty.
    pub(crate) fn into_response(self, destination: Destination, trace: &str) -> Response<Body> {
        let mut headers = HeaderMap::new();
        let (media_type, text) = if destination == Destination::Document {
            own_page(&mut headers);
            ("text/html; charset=utf-8", self.page(trace))
        } else {
            inert(&mut headers);
            ("text/plain; charset=utf-8", self.line(trace))
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // A worker of another origin has to be able to read why.
        readable_anywhere(&mut headers);
        if let Some((name, value)) = self.header.map(|header| *header) {
            headers.insert(name, value);
        }
        let mut response = Response::new(Body::full(text));
        *response.status_mut() = self.status;
        *response.headers_mut() = headers;
        response
    }

    /// What it is called in metrics: the protocol's code, or a name that only HTTP has.
    pub(crate) fn outcome(&self) -> &'static str {
        self.code
    }

    fn page(&self, trace: &str) -> String {
        let (title, hint) = words(self.status, self.code);
        let about = self.about.as_ref();
        crowd_app::progress_page(&ProgressPage {
            title,
            message: &self.message,
            hint,
            code: self.code,
            trace,
            project: about.map_or("", |(project, _)| project.as_str()),
            own_origin: about.is_some_and(|(_, form)| *form == Form::Own),
        })
    }

    fn line(&self, trace: &str) -> String {
        let message: String = self.message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let internal = self.status == StatusCode::INTERNAL_SERVER_ERROR && !trace.is_empty();
        let trace = if internal { format!(" (trace {trace})") } else { String::new() };
        format!("{}: {message}{trace}\n", self.code)
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

/// A title for the page, and what the visitor can do.
fn words(status: StatusCode, code: &str) -> (&'static str, &'static str) {
    match (status.as_u16(), code) {
        (503, WAITING) => ("This takes a moment", "It goes on in the background. Try again in a moment."),
        (503, "rate_limited") => ("Too many at once", "Everybody who has it is busy. Try again in a moment."),
        (400, _) => ("That address can’t be read", "Check it for typing errors."),
        (403, _) => ("That is not allowed here", ""),
        (404, _) => ("Nothing here", "Check the address. Whoever publishes a name first owns it."),
        (405, _) => ("That can’t be done here", ""),
        (451, _) => ("Not carried here", "Another cluster may carry it."),
        (502, _) => ("What came back was wrong", "The publisher may have to publish it again."),
        (503, _) => (
            "Nobody is hosting this now",
            "A project is there while somebody hosts it. Try again in a moment.",
        ),
        (504, _) => ("Nobody answered in time", "Its hosts are slow or just left. Try again in a moment."),
        _ => ("Something went wrong", "Try again; if it stays, tell whoever runs this node."),
    }
}
