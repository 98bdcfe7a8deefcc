//! The file of `--config`: TOML, whose keys are the flags of `crowd serve` without their dashes. What it says takes
//! the place of the flags' defaults, so that clap checks it, and the environment and the command line win over it.

use std::path::Path;

use anyhow::Context;
use clap::builder::OsStr;
use clap::{Arg, Command};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::exit::Failure;

/// The name of the command whose settings these are.
const COMMAND: &str = "serve";

/// What a config file says.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    settings: Vec<Setting>,
}

/// One key and what it is set to, in the words that a flag would have.
#[derive(Debug, PartialEq)]
struct Setting {
    key: String,
    values: Vec<String>,
    /// As it stands in the file, and where, for errors.
    text: String,
    place: String,
}

impl ConfigFile {
    /// Reads the file at `path`. Errors name the line.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the config file {} can't be read", path.display()))?;
        Self::parse(&path.display().to_string(), &text)
    }

    fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let table = DeTable::parse(text).map_err(|error| Failure::Usage(format!("in {name}: {error}")))?;
        let settings = table.get_ref().iter().map(|(key, value)| Setting::read(name, text, key, value));
        Ok(Self { settings: settings.collect::<Result<_, _>>()? })
    }

    /// Makes what the file says the defaults of the flags of `command`, which is all of `crowd`. Errors name the key
    /// and its line.
    pub(crate) fn apply(self, command: Command) -> Result<Command, Failure> {
        self.settings.into_iter().try_fold(command, |command, setting| setting.apply(command))
    }
}

impl Setting {
    fn read(
        name: &str,
        text: &str,
        key: &Spanned<toml::de::DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Self, Failure> {
        let line = text[..key.span().start].matches('\n').count() + 1;
        let (key, place) = (key.get_ref().to_string(), format!("{name}, line {line}"));
        let values = match value.get_ref() {
            DeValue::Array(several) => several.iter().map(|one| word(one.get_ref())).collect(),
            one => word(one).map(|word| vec![word]),
        };
        match values {
            Some(values) => Ok(Self { key, values, text: text[value.span()].to_owned(), place }),
            None => Err(Failure::Usage(format!("{place}: {key} is no setting of a node, but a section"))),
        }
    }

    fn apply(self, command: Command) -> Result<Command, Failure> {
        let Self { key, place, .. } = &self;
        let Some((arg, own)) = flag(&command, key) else {
            let known = "crowd serve --help lists them";
            return Err(Failure::Usage(format!("{place}: there is no setting {key:?}; {known}")));
        };
        if let Err(why) = self.check(&command, &arg) {
            return Err(Failure::Usage(format!("{place}: {key} = {}: {why}", self.text)));
        }
        let values: Vec<OsStr> = self.values.into_iter().map(OsStr::from).collect();
        let said = |arg: Arg| arg.default_values(values);
        let id = arg.get_id().clone();
        Ok(if own {
            command.mut_subcommand(COMMAND, |serve| serve.mut_arg(id, said))
        } else {
            command.mut_arg(id, said)
        })
    }

    /// Tries it as a flag: clap says what is wrong with it.
    fn check(&self, command: &Command, arg: &Arg) -> Result<(), String> {
        let (key, values) = (&self.key, &self.values);
        let several = arg.get_value_delimiter().is_some();
        let flags: Vec<String> = match (arg.get_action().takes_values(), &values[..]) {
            (true, values) if several || values.len() == 1 => {
                values.iter().map(|value| format!("--{key}={value}")).collect()
            }
            (true, _) => return Err("it takes one value, and no list".to_owned()),
            (false, [value]) if value == "true" => vec![format!("--{key}")],
            (false, [value]) if value == "false" => Vec::new(),
            (false, _) => return Err("it is true or false".to_owned()),
        };
        let line = ["crowd", COMMAND].map(str::to_owned).into_iter().chain(flags);
        let Err(error) = command.clone().try_get_matches_from(line) else { return Ok(()) };
        let reason = std::error::Error::source(&error).map(ToString::to_string);
        Err(reason.unwrap_or_else(|| "that is none of its values".to_owned()))
    }
}

/// The flag of that name; true where it is one of `crowd serve`'s own, and not of all commands. The config file itself
/// and what has no variable in the environment can't be set in a file.
fn flag(command: &Command, key: &str) -> Option<(Arg, bool)> {
    let settable = |arg: &&Arg| arg.get_long() == Some(key) && arg.get_env().is_some() && key != "config";
    let own = command.find_subcommand(COMMAND)?.get_arguments().find(settable);
    let own = own.map(|arg| (arg.clone(), true));
    own.or_else(|| command.get_arguments().find(settable).map(|arg| (arg.clone(), false)))
}

/// What a flag would be given; none for tables and lists.
fn word(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Datetime(time) => Some(time.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command as Chosen};
    use crate::commands::serve::ServeArgs;
    use crowd_node::Hosting;

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let file = "port = 1\nadmin-port = 2\njoin = [\"a:1\", \"b:2\"]\nhosting = \"ask\"\nlog-json = true";
        let (args, json) = serve(file, &["--port=9"]).unwrap();
        assert_eq!((args.port, args.admin_port, args.cluster_port), (9, 2, 7001));
        assert_eq!((args.hosting, json), (Hosting::Ask, true));
        assert_eq!(args.join, ["a:1", "b:2"]);
        let (args, _) = serve("domain = \"Example.ORG\"", &[]).unwrap();
        assert_eq!(args.domain.as_deref(), Some("example.org"));
        let (args, _) = serve(file, &["--join=c:3"]).unwrap();
        assert_eq!(args.join, ["c:3"]);
    }

    #[test]
    fn a_wrong_key_or_value_is_named_with_its_line() {
        for (file, wrong) in [
            ("prot = 1", "node.toml, line 1: there is no setting \"prot\""),
            ("\n# verbose\nport = \"x\"", "node.toml, line 3: port = \"x\": invalid digit"),
            ("port = 70000", "node.toml, line 1: port = 70000: 70000 is not in 0..=65535"),
            ("port = [1, 2]", "port = [1, 2]: it takes one value"),
            ("hosting = \"sometimes\"", "\"sometimes\" is none of notice, ask and off"),
            ("cache-bytes = \"much\"", "\"much\" is no size"),
            ("registry = \"moon\"", "\"moon\" is no registry"),
            ("grace = 5", "\"5\" is no time"),
            ("join = [\"b:1\", \"a\"]", "line 1: join = [\"b:1\", \"a\"]: \"a\" is no HOST:PORT"),
            ("\npublic-url = \"n1\"", "line 2: public-url = \"n1\": \"n1\" is no public URL"),
            ("cluster-advertise = \"n1\"", "line 1: cluster-advertise = \"n1\": \"n1\" is no HOST:PORT"),
            ("registry = \"node://n1:0\"", "\"node://n1:0\" is no registry"),
            ("log = \"a=b=c\"", "line 1: log = \"a=b=c\": \"a=b=c\" is no log filter"),
            (
                "domain = \"*.example.org\"",
                "line 1: domain = \"*.example.org\": \"*.example.org\" is no domain",
            ),
            ("name = \"\"", "line 1: name = \"\": \"\" is no name of a node"),
            ("deny = [\"No Name\"]", "line 1: deny = [\"No Name\"]: \"No Name\" is neither"),
            ("log-json = \"maybe\"", "log-json = \"maybe\": it is true or false"),
            ("config = \"other.toml\"", "no setting \"config\""),
            ("verbose = 1", "no setting \"verbose\""),
            ("[tls]\ncert = 1", "node.toml, line 1: tls is no setting"),
            ("port = ", "node.toml: TOML parse error at line 1"),
        ] {
            let error = serve(file, &[]).unwrap_err();
            assert!(matches!(error.downcast_ref(), Some(Failure::Usage(_))), "{file}: {error}");
            assert!(format!("{error:#}").contains(wrong), "{file}: {error:#}");
        }
    }

    fn serve(file: &str, flags: &[&str]) -> anyhow::Result<(Box<ServeArgs>, bool)> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("node.toml");
        std::fs::write(&path, file)?;
        let config = format!("--config={}", path.display());
        let line = ["crowd", "serve", &config].into_iter().chain(flags.iter().copied());
        let cli = Cli::read_from(line)?;
        let Chosen::Serve(args) = cli.command else { unreachable!("it says serve") };
        Ok((args, cli.log.log_json))
    }
}
