//! One file of the app, by the name it has under `/.crowd/`. The table of them is made by the build script.

/// Files that are filled in before anybody sees them, so that they have no address of their own.
const TEMPLATES: [&str; 2] = [crate::page::LANDING, crate::page::MANAGE];
/// Digits of the hash in an entity tag: 128 bits tell any two files apart.
const TAG_DIGITS: usize = 32;

/// A file as the build script puts it into the table.
struct Embedded {
    name: &'static str,
    bytes: &'static [u8],
    gzip: Option<&'static [u8]>,
    /// The SHA-256 of `bytes`, in hex.
    hash: &'static str,
}

/// In the order of their names.
static EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// A file as it is served.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Its bytes.
    pub bytes: &'static [u8],
    /// The same as gzip, where that is shorter.
    pub gzip: Option<&'static [u8]>,
    /// Its `Content-Type`, by its ending; text is UTF-8.
    pub media_type: String,
    /// Its strong entity tag, quotes included: the start of its SHA-256.
    pub etag: String,
}

/// The file that is served as `/.crowd/{name}`. None for unknown names and for templates.
pub fn asset(name: &str) -> Option<Asset> {
    if TEMPLATES.contains(&name) {
        return None;
    }
    let file = find(name)?;
    Some(Asset {
        bytes: file.bytes,
        gzip: file.gzip,
        media_type: media_type(name),
        etag: format!("\"{}\"", &file.hash[..TAG_DIGITS]),
    })
}

/// The text of a template.
pub(crate) fn template(name: &str) -> Option<&'static str> {
    std::str::from_utf8(find(name)?.bytes).ok()
}

fn find(name: &str) -> Option<&'static Embedded> {
    let at = EMBEDDED.binary_search_by(|file| file.name.cmp(name)).ok()?;
    EMBEDDED.get(at)
}

/// The media type of a file of the node's own.
pub(crate) fn media_type(name: &str) -> String {
    let guess = mime_guess::from_path(name).first_or_octet_stream();
    let is_text = guess.type_() == "text" || matches!(guess.subtype().as_str(), "javascript" | "json");
    if is_text { format!("{}; charset=utf-8", guess.essence_str()) } else { guess.essence_str().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compressed, at most: what a page of a project costs beside itself, what makes its reader a host, and all of it.
    const BOOT: usize = 20 << 10;
    const WORKERS: usize = 45 << 10;
    const ALL: usize = BOOT + WORKERS;

    fn packed(name: &str) -> usize {
        let asset = asset(name).unwrap();
        asset.gzip.unwrap_or(asset.bytes).len()
    }

    #[test]
    fn an_asset_has_its_type_and_a_quoted_tag() {
        let css = asset("app.css").unwrap();
        assert_eq!(css.media_type, "text/css; charset=utf-8");
        assert_eq!(css.etag.len(), TAG_DIGITS + 2);
        assert!(css.etag.starts_with('"') && css.etag.ends_with('"'));
        assert!(css.gzip.is_some_and(|gzip| gzip.len() < css.bytes.len()));
        assert_eq!(asset("mark.svg").unwrap().media_type, "image/svg+xml");
        assert_eq!(asset("boot.js").unwrap().media_type, "text/javascript; charset=utf-8");
    }

    #[test]
    fn the_app_stays_small() {
        let boot = packed("boot.js");
        assert!(boot <= BOOT, "{boot}");
        let workers = packed("worker.js") + packed("host.js");
        assert!(workers <= WORKERS, "{workers}");
        let all = boot + workers + packed("badge.js") + packed("progress.js");
        assert!(all <= ALL, "{all}");
    }

    #[test]
    fn scripts_are_linked_and_know_their_build() {
        for file in EMBEDDED.iter().filter(|file| file.name.ends_with(".js")) {
            let text = std::str::from_utf8(file.bytes).unwrap();
            assert!(!text.contains("__BUILD__") && !text.contains("__SHELL__"), "{}", file.name);
            assert!(!text.lines().any(|line| line.starts_with("import ")), "{}", file.name);
        }
    }

    #[test]
    fn the_worker_knows_the_files_that_it_keeps() {
        let worker = std::str::from_utf8(asset("worker.js").unwrap().bytes).unwrap();
        for name in ["boot.js", "host.js", "progress.html"] {
            assert!(worker.contains(find(name).unwrap().hash), "{name}");
        }
    }

    #[test]
    fn templates_hidden_files_and_ways_out_are_not_assets() {
        for name in [
            "landing.html",
            "manage.html",
            ".hidden",
            "a/.b",
            "",
            "../Cargo.toml",
            "/etc/passwd",
            "app.css.gz",
        ] {
            assert!(asset(name).is_none(), "{name}");
        }
    }
}
