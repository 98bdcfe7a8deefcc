//! One file of the app, by the name it has under `/.crowd/`.

use std::borrow::Cow;

/// Files that are filled in before anybody sees them, so that they have no address of their own.
const TEMPLATES: [&str; 2] = [crate::page::LANDING, crate::page::ERROR];
/// Digits of the hash in an entity tag: 128 bits tell any two files apart.
const TAG_DIGITS: usize = 32;

#[derive(rust_embed::Embed)]
#[folder = "assets/"]
#[allow_missing = true]
struct Assets;

/// A file as it is served.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
    /// Its `Content-Type`, by its ending; text is UTF-8.
    pub media_type: String,
    /// Its strong entity tag, quotes included: the start of its SHA-256.
    pub etag: String,
}

/// The file that is served as `/.crowd/{name}`. None for unknown names, for templates and for hidden files.
pub fn asset(name: &str) -> Option<Asset> {
    if is_hidden(name) || TEMPLATES.contains(&name) {
        return None;
    }
    let file = Assets::get(name)?;
    let mut etag = hex::encode(file.metadata.sha256_hash());
    etag.truncate(TAG_DIGITS);
    Some(Asset { bytes: file.data, media_type: media_type(name), etag: format!("\"{etag}\"") })
}

/// The text of a template.
pub(crate) fn template(name: &str) -> Option<String> {
    String::from_utf8(Assets::get(name)?.data.into_owned()).ok()
}

/// Hidden files are what editors and systems leave behind.
pub(crate) fn is_hidden(name: &str) -> bool {
    name.split('/').any(|segment| segment.is_empty() || segment.starts_with('.'))
}

fn media_type(name: &str) -> String {
    let guess = mime_guess::from_path(name).first_or_octet_stream();
    let is_text = guess.type_() == "text" || matches!(guess.subtype().as_str(), "javascript" | "json");
    if is_text { format!("{}; charset=utf-8", guess.essence_str()) } else { guess.essence_str().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_has_its_type_and_a_quoted_tag() {
        let css = asset("landing.css").unwrap();
        assert_eq!(css.media_type, "text/css; charset=utf-8");
        assert_eq!(css.etag.len(), TAG_DIGITS + 2);
        assert!(css.etag.starts_with('"') && css.etag.ends_with('"'));
        assert_eq!(asset("mark.svg").unwrap().media_type, "image/svg+xml");
    }

    #[test]
    fn scripts_are_scripts() {
        assert_eq!(media_type("landing.js"), "text/javascript; charset=utf-8");
    }

    #[test]
    fn templates_hidden_files_and_ways_out_are_not_assets() {
        for name in ["landing.html", "error.html", ".hidden", "a/.b", "", "../Cargo.toml", "/etc/passwd"] {
            assert!(asset(name).is_none(), "{name}");
        }
    }
}
