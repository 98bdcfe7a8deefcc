//! Makes one script of an entry and the modules that it imports, so that a browser asks once instead of once a level.
//!
//! It is no bundler: it puts modules one after the other and drops the words `import` and `export`, for which the
//! modules keep a few rules that are checked here. `web/` says nothing that plain modules would not mean too, and the
//! unit tests of the scripts run them as such.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail, ensure};

/// Reads a module's text by its path in `web/`.
pub(crate) type Read<'r> = dyn Fn(&Path) -> anyhow::Result<String> + 'r;

/// The entry `entry` and all that it imports, as one module.
///
/// # Errors
/// When a module breaks a rule; the message names module and line.
pub(crate) fn link(entry: &Path, read: &Read<'_>) -> anyhow::Result<String> {
    let mut linking =
        Linking { read, done: HashSet::new(), open: Vec::new(), names: HashMap::new(), text: String::new() };
    linking.add(entry, true)?;
    Ok(linking.text)
}

struct Linking<'r> {
    read: &'r Read<'r>,
    done: HashSet<PathBuf>,
    /// From the entry to the module that is read now.
    open: Vec<PathBuf>,
    /// Top-level names, and which module has each.
    names: HashMap<String, PathBuf>,
    text: String,
}

impl Linking<'_> {
    fn add(&mut self, path: &Path, is_entry: bool) -> anyhow::Result<()> {
        if self.done.contains(path) {
            return Ok(());
        }
        ensure!(!self.open.iter().any(|open| open == path), "{}: imports itself in a circle", path.display());
        let module = Module::parse(&(self.read)(path)?).with_context(|| path.display().to_string())?;
        self.open.push(path.to_owned());
        for import in &module.imports {
            let target = resolve(path, &import.from)?;
            let exports =
                Module::parse(&(self.read)(&target)?).with_context(|| target.display().to_string())?.exports;
            for name in &import.names {
                ensure!(exports.contains(name), "{}: {} exports no {name}", path.display(), target.display());
            }
            self.add(&target, false)?;
        }
        self.open.pop();
        for name in &module.names {
            if let Some(other) = self.names.insert(name.clone(), path.to_owned()) {
                bail!("{}: {name} is declared in {} too", path.display(), other.display());
            }
        }
        for line in module.lines {
            // What an entry exports is for whoever imports it while the page runs.
            let line = if is_entry { line.as_str() } else { line.strip_prefix("export ").unwrap_or(&line) };
            writeln!(self.text, "{line}").expect("a string takes everything");
        }
        self.done.insert(path.to_owned());
        Ok(())
    }
}

/// One module, taken apart.
struct Module {
    imports: Vec<Import>,
    exports: HashSet<String>,
    names: Vec<String>,
    /// Without imports, comments and empty lines.
    lines: Vec<String>,
}

struct Import {
    names: Vec<String>,
    from: String,
}

impl Module {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut module =
            Self { imports: Vec::new(), exports: HashSet::new(), names: Vec::new(), lines: Vec::new() };
        let mut lines = text.lines().enumerate();
        while let Some((at, line)) = lines.next() {
            let here = || format!("line {}", at + 1);
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with("//") {
                continue;
            }
            if trimmed.starts_with("/*") {
                let mut end = trimmed;
                while !end.ends_with("*/") {
                    ensure!(!end.contains("*/"), "{}: code follows a comment in its line", here());
                    end = lines
                        .next()
                        .with_context(|| format!("{}: a comment without an end", here()))?
                        .1
                        .trim();
                }
                continue;
            }
            if line.starts_with("import ") {
                let mut statement = line.to_owned();
                while !statement.ends_with(';') {
                    let next =
                        lines.next().with_context(|| format!("{}: an import without an end", here()))?;
                    statement.push_str(next.1.trim());
                }
                module.imports.push(Import::parse(&statement).with_context(here)?);
                continue;
            }
            module.declare(line).with_context(here)?;
            module.lines.push(line.to_owned());
        }
        Ok(module)
    }

    /// Notes what a line at the top level declares.
    fn declare(&mut self, line: &str) -> anyhow::Result<()> {
        let exported = line.strip_prefix("export ");
        let mut words = exported.unwrap_or(line).split_whitespace();
        let first = match words.next() {
            _ if line.starts_with(char::is_whitespace) => return Ok(()),
            Some("async") => words.next(),
            first => first,
        };
        if !matches!(first, Some("function" | "function*" | "class" | "const" | "let" | "var")) {
            ensure!(exported.is_none(), "only a declaration can be exported, by its name");
            return Ok(());
        }
        let name: String = words
            .next()
            .unwrap_or_default()
            .chars()
            .take_while(|c| c.is_alphanumeric() || "_$".contains(*c))
            .collect();
        ensure!(!name.is_empty(), "a declaration at the top level has one plain name");
        if exported.is_some() {
            self.exports.insert(name.clone());
        }
        self.names.push(name);
        Ok(())
    }
}

impl Import {
    fn parse(statement: &str) -> anyhow::Result<Self> {
        let rule = "an import is `import { a, b } from \"./module.js\";`";
        let (names, from) = statement
            .strip_prefix("import {")
            .and_then(|rest| rest.strip_suffix("\";"))
            .and_then(|rest| rest.split_once('}'))
            .context(rule)?;
        let from = from.trim().strip_prefix("from \"").context(rule)?.to_owned();
        let names: Vec<_> =
            names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
        ensure!(names.iter().all(|name| !name.contains(' ')), "an import renames nothing");
        Ok(Self { names, from })
    }
}

/// `from`, as the module `base` means it, in `web/`.
fn resolve(base: &Path, from: &str) -> anyhow::Result<PathBuf> {
    ensure!(
        from.starts_with("./") || from.starts_with("../"),
        "{}: {from:?} is no relative path",
        base.display()
    );
    let mut path = base.parent().unwrap_or(Path::new("")).to_owned();
    for part in Path::new(from).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => ensure!(path.pop(), "{}: {from:?} leads out of web/", base.display()),
            Component::Normal(name) => path.push(name),
            _ => bail!("{}: {from:?} is no relative path", base.display()),
        }
    }
    Ok(path)
}
