//! Plain HTTP on a port that speaks TLS: somebody left out the `s`, and is sent to where it belongs.

use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use super::Answer;
use crate::Body;
use crate::asked::host_of;

pub(crate) struct ToHttps;

impl Answer for ToHttps {
    async fn answer(self: Arc<Self>, request: Request<Incoming>, _: SocketAddr) -> Response<Body> {
        let (parts, _) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let asks = matches!(parts.method, Method::GET | Method::HEAD);
        let host = host_of(&parts).ok().flatten().filter(|_| asks && path.starts_with('/'));
        let to = host.and_then(|host| HeaderValue::try_from(format!("https://{host}{path}")).ok());
        let mut response = Response::new(Body::full("this port speaks TLS: https:// or wss://\n"));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        // The operator may take TLS away again.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        *response.status_mut() = match to {
            Some(to) => {
                headers.insert(LOCATION, to);
                StatusCode::PERMANENT_REDIRECT
            }
            None => StatusCode::BAD_REQUEST,
        };
        response
    }
}
