//! `srcset`: a list of image candidates, each a URL and perhaps a width or density.

/// Gives each URL of the list to `convert` and puts what it answers in its place. None where nothing changed.
pub(crate) fn rewrite_srcset(list: &str, convert: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (mut written, mut changed, mut rest) = (String::with_capacity(list.len()), false, list);
    loop {
        let start = rest.find(|c: char| !c.is_ascii_whitespace() && c != ',').unwrap_or(rest.len());
        written.push_str(&rest[..start]);
        rest = &rest[start..];
        if rest.is_empty() {
            return changed.then_some(written);
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        // A comma at the end of the URL ends the candidate; one within it doesn't.
        let url = rest[..end].trim_end_matches(',');
        match convert(url) {
            Some(converted) => {
                changed = true;
                written.push_str(&converted);
            }
            None => written.push_str(url),
        }
        rest = &rest[url.len()..];
        if !rest.starts_with(',') {
            let end = end_of_descriptors(rest);
            written.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
}

/// Up to the next comma that is not within parentheses.
fn end_of_descriptors(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_urls_change() {
        let convert = |url: &str| url.strip_prefix("crowd://").map(|rest| format!("/{rest}"));
        let cases = [
            ("crowd://p/a 1x, crowd://p/b 2x", "/p/a 1x, /p/b 2x"),
            ("crowd://p/a,b.png 480w,x.png 2x", "/p/a,b.png 480w,x.png 2x"),
            ("a.png, crowd://p/b", "a.png, /p/b"),
            (" ,crowd://p/a, ,crowd://p/b(1,2) calc(1, 2)x ,", " ,/p/a, ,/p/b(1,2) calc(1, 2)x ,"),
        ];
        for (list, expected) in cases {
            assert_eq!(rewrite_srcset(list, convert).as_deref(), Some(expected), "{list}");
        }
        for same in ["", " , ", "a.png 1x, b.png 2x"] {
            assert_eq!(rewrite_srcset(same, convert), None, "{same}");
        }
    }
}
