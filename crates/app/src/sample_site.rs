//! The sample site: what `crowd new` writes, `crowd demo` publishes and the landing page starts a new site from.

use std::borrow::Cow;

use crate::asset::media_type;

#[derive(rust_embed::Embed)]
#[folder = "site/"]
#[allow_missing = true]
struct Site;

/// What the sample calls itself, in the crowd addresses of its pages.
const NAME: &str = "crowd://hello/";
/// The same on a server that is named.
const AT_SERVER: &str = "crowd://localhost:7000/hello/";

/// The sample site as the project `name` on the discovery server `server` (`HOST:PORT`): the crowd addresses in its
/// pages name those.
pub fn sample_site_as(
    name: &str,
    server: &str,
) -> impl Iterator<Item = (Cow<'static, str>, Cow<'static, [u8]>)> {
    let (project, at_server) = (format!("crowd://{name}/"), format!("crowd://{server}/{name}/"));
    sample_site().map(move |(path, bytes)| {
        if !path.ends_with(".html") {
            return (path, bytes);
        }
        let page = String::from_utf8_lossy(&bytes);
        let page = page.replace(AT_SERVER, &at_server).replace(NAME, &project);
        (path, page.into_bytes().into())
    })
}

/// The files of the sample site, in the order of their paths: path and bytes.
pub fn sample_site() -> impl Iterator<Item = (Cow<'static, str>, Cow<'static, [u8]>)> {
    let mut paths: Vec<_> = Site::iter().filter(|path| !is_hidden(path)).collect();
    paths.sort_unstable();
    paths.into_iter().filter_map(|path| {
        let file = Site::get(&path)?;
        Some((path, file.data))
    })
}

/// One file of the sample site.
#[derive(Debug, Clone)]
pub struct SampleFile {
    /// Where it lies in the site.
    pub path: Cow<'static, str>,
    /// Its `Content-Type`, by its ending; text is UTF-8.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
}

impl SampleFile {
    fn new(path: Cow<'static, str>, bytes: Cow<'static, [u8]>) -> Self {
        Self { media_type: media_type(&path), path, bytes }
    }
}

/// [`sample_site`] with the type of each file.
pub fn sample_files() -> impl Iterator<Item = SampleFile> {
    sample_site().map(|(path, bytes)| SampleFile::new(path, bytes))
}

/// The file of the sample site at `path`.
pub fn sample_file(path: &str) -> Option<SampleFile> {
    let bytes = Site::get(path).filter(|_| !is_hidden(path))?.data;
    Some(SampleFile::new(Cow::Owned(path.to_owned()), bytes))
}

/// Hidden files are what editors and systems leave behind.
fn is_hidden(name: &str) -> bool {
    name.split('/').any(|segment| segment.is_empty() || segment.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_of_another_name_links_to_itself() {
        let index =
            sample_site_as("tides", "10.0.0.1:7100").find(|(path, _)| path == "index.html").unwrap().1;
        let index = String::from_utf8(index.into_owned()).unwrap();
        assert!(index.contains("crowd://tides/") && index.contains("crowd://10.0.0.1:7100/tides/"));
        assert!(!index.contains(NAME) && !index.contains(AT_SERVER));
    }

    #[test]
    fn the_sample_site_is_sorted_and_has_an_index() {
        let paths: Vec<_> = sample_site().map(|(path, _)| path).collect();
        assert!(paths.is_sorted());
        assert!(paths.iter().any(|path| path == "index.html"));
    }

    #[test]
    fn a_file_of_the_sample_has_its_type_and_no_way_out() {
        let index = sample_file("index.html").unwrap();
        assert_eq!(index.media_type, "text/html; charset=utf-8");
        let listed: Vec<_> = sample_files().map(|file| file.path).collect();
        assert!(listed.iter().any(|path| path.contains('/')));
        assert!(listed.iter().all(|path| sample_file(path).is_some()));
        for none in ["", ".", "../Cargo.toml", "/etc/passwd", "images", ".hidden", "crowd/../index.html"] {
            assert!(sample_file(none).is_none(), "{none}");
        }
    }
}
