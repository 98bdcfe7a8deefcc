//! The addresses in `meta` elements: where a page sends its reader on, and the previews that other sites show of it.

use lol_html::send::Element;

use super::links::PageLinks;
use super::refresh::refresh_url;

/// Properties that other sites read. They know no base, so these addresses have their origin with them.
const PREVIEWS: [&str; 11] = [
    "og:url",
    "og:image",
    "og:image:url",
    "og:image:secure_url",
    "og:video",
    "og:video:url",
    "og:video:secure_url",
    "og:audio",
    "og:audio:url",
    "twitter:image",
    "twitter:image:src",
];

/// What `content` of this `meta` element becomes. None where it stays as it is.
pub(crate) fn rewrite_content(element: &Element<'_, '_>, content: &str, links: &PageLinks) -> Option<String> {
    let is = |name: &str, value: &str| {
        element.get_attribute(name).is_some_and(|given| given.trim().eq_ignore_ascii_case(value))
    };
    if is("http-equiv", "refresh") {
        let at = refresh_url(content)?;
        let url = links.convert(&content[at.clone()])?;
        return Some([&content[..at.start], &url, &content[at.end..]].concat());
    }
    let preview = PREVIEWS.iter().any(|known| is("property", known) || is("name", known));
    preview.then(|| links.convert_to_absolute(content)).flatten()
}
