//! The operator's page: its files, embedded. They have the addresses that they have among the crates, so that its modules
//! find those that they share with the browser app.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;

use super::with_type;

/// Nothing from elsewhere, nothing inline, in no frame.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The modules of this folder.
macro_rules! own {
    ($($name:literal),* $(,)?) => {
        [$((concat!("/node/web/", $name), include_str!(concat!("../../web/", $name)))),*]
    };
}

/// Those that the app has too.
macro_rules! shared {
    ($($name:literal),* $(,)?) => {
        [$((concat!("/app/web/", $name), include_str!(concat!("../../../app/web/", $name)))),*]
    };
}

const MODULES: [&[(&str, &str)]; 2] = [
    &own![
        "admin.js",
        "admin/arcs.js",
        "admin/chart.js",
        "admin/headline.js",
        "admin/node_colours.js",
        "admin/nodes_table.js",
        "admin/numbers.js",
        "admin/overview.js",
        "admin/plot.js",
        "admin/project_list.js",
        "admin/ring_view.js",
        "admin/vector.js",
    ],
    &shared!["view/byte_size.js", "view/fact_list.js", "view/make.js", "view/named_part.js"],
];

/// The page, or one of its files; none where there is no such file.
pub(super) fn answer(path: &str) -> Option<Response<Full<Bytes>>> {
    let (media_type, body) = find(path)?;
    let mut response = with_type(StatusCode::OK, media_type, body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Some(response)
}

fn find(path: &str) -> Option<(&'static str, &'static [u8])> {
    let app = |name| crowd_app::asset(name).map(|asset| asset.bytes);
    match path {
        "/" => Some((HTML, include_bytes!("../../assets/admin.html"))),
        "/node/assets/admin.css" => Some((CSS, include_bytes!("../../assets/admin.css"))),
        "/app/assets/app.css" => Some((CSS, app("app.css")?)),
        "/app/assets/mark.svg" => Some(("image/svg+xml", app("mark.svg")?)),
        _ => {
            let module = MODULES.iter().copied().flatten().find(|(at, _)| *at == path);
            module.map(|(_, text)| (SCRIPT, text.as_bytes()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Component, Path, PathBuf};

    #[test]
    fn everything_that_the_page_loads_is_there() {
        let html = include_str!("../../assets/admin.html");
        let linked =
            html.split(['"', ' ']).filter(|part| part.starts_with("node/") || part.starts_with("app/"));
        let linked: Vec<_> = linked.collect();
        assert!(linked.len() >= 4, "{linked:?}");
        for path in linked {
            assert!(find(&format!("/{path}")).is_some(), "{path}");
        }
        for (at, text) in MODULES.iter().copied().flatten() {
            let from = text.split("from \"").skip(1).filter_map(|rest| rest.split('"').next());
            for import in from {
                let path = resolve(at, import);
                assert!(find(&path).is_some(), "{at} imports {import}, which is {path}");
            }
        }
        assert!(find("/node/web/admin/missing.js").is_none());
    }

    fn resolve(at: &str, import: &str) -> String {
        let mut path = PathBuf::new();
        for part in Path::new(at).parent().unwrap().join(import).components() {
            match part {
                Component::ParentDir => _ = path.pop(),
                Component::CurDir => {}
                part => path.push(part),
            }
        }
        path.to_str().unwrap().to_owned()
    }
}
