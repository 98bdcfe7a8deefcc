//! The node's own pages, filled in. Every value is escaped, so that nothing a visitor sends becomes markup.

use crate::asset::template;

pub(crate) const LANDING: &str = "landing.html";
pub(crate) const MANAGE: &str = "manage.html";
/// The worker fills it in too, so that it has an address of its own.
const PROGRESS: &str = "progress.html";

/// What is shown where the app's files are incomplete: no reason to show nothing.
const PLAIN_LANDING: &str = "<!doctype html><meta charset=utf-8><title>Crowd Cloud</title>\
    <h1>Crowd Cloud</h1><p>A discovery node. Open a project at its name: <code>/mywebsite/</code></p>";
const PLAIN_MANAGE: &str = "<!doctype html><meta charset=utf-8><title>{{project}}</title>\
    <h1>{{project}}</h1><p>This node has no files of the app: there is nothing to manage.</p>";
const PLAIN_PROGRESS: &str = "<!doctype html><meta charset=utf-8><title>{{title}}</title>\
    <h1>{{title}}</h1><p>{{message}}</p><p>{{hint}}</p><p>{{code}} {{trace}}</p>";

/// What the page says that stands in for one that can't be had, or not yet.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProgressPage<'p> {
    /// What happened, in a few words.
    pub title: &'p str,
    /// What happened, in a sentence.
    pub message: &'p str,
    /// What the visitor can do; may be empty.
    pub hint: &'p str,
    /// What happened, for programs: a code of the protocol, or `waiting` while the answer is on its way.
    pub code: &'p str,
    /// The trace id to tell the operator; may be empty.
    pub trace: &'p str,
    /// Whose page was asked for; empty where that can't be told.
    pub project: &'p str,
    /// It was asked for at the project's own origin, the only place where the app's worker may answer.
    pub own_origin: bool,
}

/// The landing page. `domain` is the one that projects have their origins under; empty for none.
pub fn landing_page(domain: &str) -> String {
    fill(template(LANDING).unwrap_or(PLAIN_LANDING), &[("domain", domain)])
}

/// The page at a project's own origin where its visitor sees what is kept of it, and stops or deletes that.
pub fn manage_page(project: &str) -> String {
    fill(template(MANAGE).unwrap_or(PLAIN_MANAGE), &[("project", project)])
}

/// The page that shows how far a site has come, or why it can't be had.
pub fn progress_page(page: &ProgressPage<'_>) -> String {
    let ProgressPage { title, message, hint, code, trace, project, own_origin } = *page;
    let message = &sentence(message);
    let values = [
        ("title", title),
        ("message", message),
        ("hint", hint),
        ("code", code),
        ("trace", trace),
        ("project", project),
        ("form", if own_origin { "own" } else { "path" }),
    ];
    fill(template(PROGRESS).unwrap_or(PLAIN_PROGRESS), &values)
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
        let values = ProgressPage {
            title: "<T>",
            message: "nobody is there",
            hint: "H",
            code: "no_peer",
            trace: "0123",
            project: "mysite",
            own_origin: true,
        };
        let page = progress_page(&values);
        assert!(page.contains("data-form=\"own\""));
        assert!(progress_page(&ProgressPage { own_origin: false, ..values }).contains("data-form=\"path\""));
        for shown in ["&lt;T&gt;", "Nobody is there.", "no_peer", "0123"] {
            assert!(page.contains(shown), "{shown}");
        }
        assert!(!page.contains("{{") && !page.contains("<T>"));
        let page = landing_page("crowd.example.org");
        assert!(page.contains("crowd.example.org") && !page.contains("{{"));
        let page = manage_page("mysite");
        assert!(page.contains("mysite") && !page.contains("{{"));
    }

    #[test]
    fn pages_are_whole_without_their_templates() {
        for plain in [PLAIN_LANDING, PLAIN_MANAGE, PLAIN_PROGRESS] {
            assert!(!fill(plain, &[]).contains("{{"), "{plain}");
        }
    }
}
