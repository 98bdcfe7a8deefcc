//! The `Content-Type` of a file, from its name.

/// Types that are text although their name doesn't start with `text/`.
const TEXT: [&str; 5] = [
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/xml",
    "image/svg+xml",
];

/// What text is published as.
const UTF8: &str = "; charset=utf-8";

/// The media type of the file at `path`, with `; charset=utf-8` where it is text.
pub fn media_type(path: &str) -> String {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    let media_type = match extension.as_str() {
        "webmanifest" => "application/manifest+json".to_owned(),
        "mjs" => "text/javascript".to_owned(),
        _ => mime_guess::from_path(path).first_or_octet_stream().essence_str().to_owned(),
    };
    let text = media_type.starts_with("text/")
        || media_type.ends_with("+xml")
        || media_type.ends_with("+json")
        || TEXT.contains(&media_type.as_str());
    if text { format!("{media_type}{UTF8}") } else { media_type }
}

/// [`media_type`] of text that is not UTF-8: a page may say itself what it is. None where no charset was said.
pub(crate) fn without_charset(media_type: &str) -> Option<&str> {
    media_type.strip_suffix(UTF8)
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_has_a_charset_and_nothing_else_does() {
        for (path, media_type) in [
            ("index.html", "text/html; charset=utf-8"),
            ("a/site.JS", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("data.json", "application/json; charset=utf-8"),
            ("x.svg", "image/svg+xml; charset=utf-8"),
            ("x.webmanifest", "application/manifest+json; charset=utf-8"),
            ("x.png", "image/png"),
            ("x.wasm", "application/wasm"),
            ("LICENSE", "application/octet-stream"),
        ] {
            assert_eq!(super::media_type(path), media_type, "{path}");
        }
    }
}
