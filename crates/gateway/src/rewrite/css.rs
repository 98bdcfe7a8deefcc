//! URLs in CSS: `url()`, `src()`, the strings of `image-set()` and of `@import`. All else stays as it is, to the byte.

use cssparser::{ParseError, Parser, ParserInput, Token, serialize_string};

/// Blocks within blocks that are looked into: no stylesheet has more, and the stack is finite.
const MAX_DEPTH: usize = 32;

/// Gives each URL to `convert` and puts what it answers in its place. None where nothing changed.
pub(crate) fn rewrite_css(css: &str, convert: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut input = ParserInput::new(css);
    let mut edits = Edits { convert, list: Vec::new() };
    walk(&mut Parser::new(&mut input), 0, false, &mut edits);
    if edits.list.is_empty() {
        return None;
    }
    let (mut written, mut at) = (String::with_capacity(css.len() + 64), 0);
    for Edit { start, end, text } in edits.list {
        written.push_str(&css[at..start]);
        written.push_str(&text);
        at = end;
    }
    written.push_str(&css[at..]);
    Some(written)
}

struct Edits<'c> {
    convert: &'c dyn Fn(&str) -> Option<String>,
    list: Vec<Edit>,
}

struct Edit {
    start: usize,
    end: usize,
    text: String,
}

/// `strings_are_urls`: within a function whose strings are addresses.
fn walk(parser: &mut Parser<'_, '_>, depth: usize, strings_are_urls: bool, edits: &mut Edits<'_>) {
    let mut after_import = false;
    loop {
        let start = parser.position().byte_index();
        let Ok(token) = parser.next_including_whitespace_and_comments().cloned() else { return };
        let end = parser.position().byte_index();
        let mut edit = |url: &str, function: bool| {
            if let Some(url) = (edits.convert)(url) {
                let text = if function { format!("url({})", quoted(&url)) } else { quoted(&url) };
                edits.list.push(Edit { start, end, text });
            }
        };
        let block_of_urls = match &token {
            Token::WhiteSpace(_) | Token::Comment(_) => continue,
            Token::UnquotedUrl(url) => {
                edit(url, true);
                None
            }
            Token::QuotedString(url) if strings_are_urls || after_import => {
                edit(url, false);
                None
            }
            Token::Function(name) => {
                let names = ["url", "src", "image-set", "-webkit-image-set"];
                Some(names.iter().any(|known| name.eq_ignore_ascii_case(known)))
            }
            Token::ParenthesisBlock | Token::SquareBracketBlock | Token::CurlyBracketBlock => Some(false),
            _ => None,
        };
        after_import = matches!(&token, Token::AtKeyword(word) if word.eq_ignore_ascii_case("import"));
        if let Some(urls) = block_of_urls {
            // Not looked into, a block is skipped whole.
            let _ = parser.parse_nested_block(|block| {
                if depth < MAX_DEPTH {
                    walk(block, depth + 1, urls, edits);
                }
                Ok::<(), ParseError<'_, ()>>(())
            });
        }
    }
}

fn quoted(url: &str) -> String {
    let mut text = String::with_capacity(url.len() + 2);
    serialize_string(url, &mut text).expect("writing to a string does not fail");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_change() {
        let convert = |url: &str| url.strip_prefix("crowd://").map(|rest| format!("/{rest}"));
        let cases = [
            ("a{background:url(crowd://p/a.png) no-repeat}", "a{background:url(\"/p/a.png\") no-repeat}"),
            ("a { b: URL( 'crowd://p/a.png' ) }", "a { b: URL( \"/p/a.png\" ) }"),
            ("@import 'crowd://p/a.css' screen;", "@import \"/p/a.css\" screen;"),
            ("@import/**/url(crowd://p/a.css);", "@import/**/url(\"/p/a.css\");"),
            ("a{b:image-set('crowd://p/a' 1x,'b' 2x)}", "a{b:image-set(\"/p/a\" 1x,'b' 2x)}"),
            ("@media x{@font-face{src:url(crowd://p/f)}}c{}", "@media x{@font-face{src:url(\"/p/f\")}}c{}"),
            ("a{b:url(crowd://p/a", "a{b:url(\"/p/a\")"),
        ];
        for (css, expected) in cases {
            assert_eq!(rewrite_css(css, &convert).as_deref(), Some(expected), "{css}");
        }
        let same = [
            "a::after{content:\"crowd://p/a\"}",
            "/* url(crowd://p/a) */",
            "a{b:url(x.png)}",
            "@charset 'crowd://p/a'",
            "",
        ];
        for css in same {
            assert_eq!(rewrite_css(css, &convert), None, "{css}");
        }
    }

    #[test]
    fn deep_nesting_is_survived() {
        let css = "(".repeat(100_000) + "url(crowd://p/a)";
        assert_eq!(rewrite_css(&css, &|_| Some(String::new())), None);
    }
}
