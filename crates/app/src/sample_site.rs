//! The sample site: what `crowd new` writes and `crowd demo` publishes.

use std::borrow::Cow;

use crate::asset::is_hidden;

#[derive(rust_embed::Embed)]
#[folder = "site/"]
#[allow_missing = true]
struct Site;

/// The files of the sample site, in the order of their paths: path and bytes.
pub fn sample_site() -> impl Iterator<Item = (Cow<'static, str>, Cow<'static, [u8]>)> {
    let mut paths: Vec<_> = Site::iter().filter(|path| !is_hidden(path)).collect();
    paths.sort_unstable();
    paths.into_iter().filter_map(|path| {
        let file = Site::get(&path)?;
        Some((path, file.data))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_site_is_sorted_and_has_an_index() {
        let paths: Vec<_> = sample_site().map(|(path, _)| path).collect();
        assert!(paths.is_sorted());
        assert!(paths.iter().any(|path| path == "index.html"));
    }
}
