//! The address that `<meta http-equiv=refresh>` leads to, within its `content`.

use std::ops::Range;

/// Where the URL lies in `content`, by the steps of the HTML standard. None where there is none.
pub(crate) fn refresh_url(content: &str) -> Option<Range<usize>> {
    let rest = content.trim_ascii_start();
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if rest.len() == content.trim_ascii_start().len() || !rest.starts_with(is_separator) {
        return None;
    }
    let rest = rest.trim_ascii_start();
    let rest = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_ascii_start();
    let rest = after_name(rest).unwrap_or(rest);
    let (rest, quote) = match rest.strip_prefix(['"', '\'']) {
        Some(quoted) => (quoted, rest.chars().next()),
        None => (rest, None),
    };
    let start = content.len() - rest.len();
    let url = quote.and_then(|quote| rest.split_once(quote)).map_or(rest, |(url, _)| url);
    (!url.is_empty()).then(|| start..start + url.len())
}

/// What follows `url=`.
fn after_name(text: &str) -> Option<&str> {
    let (name, rest) = text.split_at_checked("url".len())?;
    let rest = rest.trim_ascii_start().strip_prefix('=')?;
    name.eq_ignore_ascii_case("url").then(|| rest.trim_ascii_start())
}

fn is_separator(c: char) -> bool {
    c == ';' || c == ',' || c.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_found_where_browsers_find_it() {
        let cases = [
            ("0; url=crowd://a/", Some("crowd://a/")),
            (" 5.5 ,  URL = 'crowd://a/b c' ; x", Some("crowd://a/b c")),
            ("0;crowd://a/", Some("crowd://a/")),
            ("0 \"crowd://a/\"", Some("crowd://a/")),
            ("0;url='crowd://a/", Some("crowd://a/")),
            ("0;urlx", Some("urlx")),
            ("0", None),
            ("0;", None),
            ("url=crowd://a/", None),
            ("0x; url=crowd://a/", None),
            ("", None),
        ];
        for (content, expected) in cases {
            assert_eq!(refresh_url(content).map(|range| &content[range]), expected, "{content}");
        }
    }
}
