//! The node's own pages, filled in. Every value is escaped, so that nothing a visitor sends becomes markup.

use crate::asset::template;

pub(crate) const LANDING: &str = "landing.html";
pub(crate) const ERROR: &str = "error.html";

/// What is shown where the app's files are incomplete: no reason to show nothing.
const PLAIN_LANDING: &str = "<!doctype html><meta charset=utf-8><title>Crowd Cloud</title>\
    <h1>Crowd Cloud</h1><p>A discovery node. Open a project at its name: <code>/mywebsite/</code></p>";
const PLAIN_ERROR: &str = "<!doctype html><meta charset=utf-8><title>{{title}}</title>\
    <h1>{{title}}</h1><p>{{message}}</p><p>{{hint}}</p><p>{{trace}}</p>";

/// What an error page says.
#[derive(Debug, Clone, Copy)]
pub struct ErrorPage<'e> {
    /// What happened, in a few words.
    pub title: &'e str,
    /// What happened, in a sentence.
    pub message: &'e str,
    /// What the visitor can do; may be empty.
    pub hint: &'e str,
    /// The trace id to tell the operator; may be empty.
    pub trace: &'e str,
}

/// The landing page. `domain` is the one that projects have their origins under; empty for none.
pub fn landing_page(domain: &str) -> String {
    let page = template(LANDING).unwrap_or_else(|| PLAIN_LANDING.to_owned());
    fill(&page, &[("domain", domain)])
}

/// The error page.
pub fn error_page(error: &ErrorPage<'_>) -> String {
    let page = template(ERROR).unwrap_or_else(|| PLAIN_ERROR.to_owned());
    let ErrorPage { title, message, hint, trace } = *error;
    let message = sentence(message);
    fill(&page, &[("title", title), ("message", &message), ("hint", hint), ("trace", trace)])
}

/// Messages are parts of log lines, too, and begin and end as those do.
fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if message.ends_with(['.', '!', '?']) || message.is_empty() { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

/// Replaces each `{{name}}` by its value, escaped for text and for quoted attributes. It is one pass, so that a value
/// which looks like a placeholder stays what it is. A name without a value becomes empty.
fn fill(page: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(page.len() + 256);
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            rest = &rest[before.len()..];
            break;
        };
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name.trim()) {
            html_escape::encode_safe_to_string(value, &mut filled);
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_filled_in_once() {
        let filled = fill("<p title=\"{{a}}\">{{ b }}{{c}}</p>", &[("a", "\"><script>"), ("b", "{{a}}")]);
        assert_eq!(filled, "<p title=\"&quot;&gt;&lt;script&gt;\">{{a}}</p>");
        assert_eq!(fill("a {{ b", &[("b", "x")]), "a {{ b");
    }

    #[test]
    fn pages_have_no_placeholder_left() {
        let error = ErrorPage { title: "<T>", message: "M", hint: "H", trace: "" };
        let page = error_page(&error);
        assert!(page.contains("&lt;T&gt;") && !page.contains("{{") && !page.contains("<T>"));
        let page = landing_page("crowd.example.org");
        assert!(page.contains("crowd.example.org") && !page.contains("{{"));
    }
}
