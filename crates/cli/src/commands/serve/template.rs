//! Holds `deploy/config/node.toml` against the flags: it is written from them, with every setting, its help and its
//! default, all of it commented out. Run the tests with `CROWD_WRITE_CONFIG=1` to write it again.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Arg, CommandFactory};

use super::config_file::ConfigFile;
use crate::cli::{Cli, Command};

/// Columns of the file.
const WIDTH: usize = 110;

const HEAD: &str = "\
The settings of a node of Crowd Cloud: `crowd serve --config node.toml`

Each is a flag of `crowd serve` without its dashes, and a variable CROWD_… in the environment. The command line wins \
over the environment, the environment over this file, and this file over the defaults. Everything here is commented \
out and shows the default, or an example where there is none that fits all; so, as it is, this file changes nothing. A \
wrong key or value is an error that names its line. Sizes have units (64KiB, 512MiB, 2GiB), and so have times (250ms, \
30s, 5m).";

/// What those without a default may be set to.
const EXAMPLES: [(&str, &str); 14] = [
    ("app-port", "80"),
    ("cluster-host", "\"127.0.0.1\""),
    ("cluster-advertise", "\"node-1.example.org:7001\""),
    ("admin-host", "\"127.0.0.1\""),
    ("public-url", "\"https://discovery.example.org\""),
    ("name", "\"node-1\""),
    ("join", "[\"node-2.example.org:7001\", \"node-3.example.org:7001\"]"),
    ("registry", "\"local\""),
    ("data", "\"/var/lib/crowd\""),
    ("domain", "\"example.org\""),
    ("deny", "[]"),
    ("etcd-user", "\"crowd\""),
    ("etcd-password-file", "\"/etc/crowd/etcd-password\""),
    ("log", "\"info\""),
];

#[test]
fn the_documented_config_file_is_the_flags() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/config/node.toml");
    let wanted = template();
    if std::env::var_os("CROWD_WRITE_CONFIG").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = wanted.lines().zip(found.lines()).find(|(wanted, found)| wanted != found);
    assert!(wanted == found, "run this test with CROWD_WRITE_CONFIG=1; the first that differs: {differs:#?}");
}

#[test]
fn the_documented_config_file_changes_nothing_until_it_is_edited() {
    let plain = format!("{:?}", Cli::read_from(["crowd", "serve"]).unwrap());
    assert_eq!(read(&template()).unwrap(), plain);
    // And all of it is right: every key, every value, at once.
    let all: String = template().lines().map(|line| uncomment(line).to_owned() + "\n").collect();
    let keys = all.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
    assert_eq!(keys, settings().len());
    read(&all).unwrap();
}

#[test]
fn every_flag_has_a_variable_by_its_name() {
    for arg in settings() {
        let flag = arg.get_long().unwrap();
        let variable = format!("CROWD_{}", flag.to_uppercase().replace('-', "_"));
        assert_eq!(arg.get_env().unwrap().to_str(), Some(variable.as_str()), "--{flag}");
    }
    // What has none is no setting of a node.
    let none: Vec<_> =
        flags().filter(|arg| arg.get_env().is_none()).map(|arg| arg.get_id().clone()).collect();
    assert_eq!(none, ["verbose"]);
}

/// All that the file can say, in the order of the help.
fn settings() -> Vec<Arg> {
    flags().filter(|arg| arg.get_env().is_some() && arg.get_long() != Some("config")).collect()
}

fn flags() -> impl Iterator<Item = Arg> {
    let command = Cli::command();
    let serve = command.find_subcommand("serve").unwrap().get_arguments().cloned().collect::<Vec<_>>();
    serve.into_iter().chain(command.get_arguments().cloned().collect::<Vec<_>>())
}

fn template() -> String {
    let mut text = String::new();
    comment(&mut text, HEAD);
    let mut section = "Node".to_owned();
    for arg in settings() {
        // What all commands have comes last, and is how they log.
        let all = arg.is_global_set().then_some("Logs");
        let heading = arg.get_help_heading().or(all).unwrap_or("Node");
        if heading != section {
            write!(text, "\n# ---- {heading} ----\n").unwrap();
            heading.clone_into(&mut section);
        }
        text.push('\n');
        let help = arg.get_long_help().or(arg.get_help()).expect("every flag has help");
        comment(&mut text, &help.to_string());
        writeln!(text, "#{} = {}", arg.get_long().unwrap(), value(&arg)).unwrap();
    }
    text
}

/// The default, as TOML has it.
fn value(arg: &Arg) -> String {
    let key = arg.get_long().unwrap();
    if !arg.get_action().takes_values() {
        return "false".to_owned();
    }
    let default = arg.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
    let of_kind = || match arg.get_value_names() {
        // A file's name says what is in it.
        Some([kind]) if kind == "F" => Some(format!("\"/etc/crowd/{key}.pem\"")),
        _ => None,
    };
    match default {
        Some(number) if number.parse::<f64>().is_ok() => number,
        Some(text) => format!("{text:?}"),
        None => {
            let known =
                EXAMPLES.iter().find(|(known, _)| *known == key).map(|(_, value)| (*value).to_owned());
            known.or_else(of_kind).unwrap_or_else(|| panic!("{key} has no default: give it an example here"))
        }
    }
}

fn comment(text: &mut String, prose: &str) {
    for paragraph in prose.lines() {
        let mut line = "#".to_owned();
        for word in paragraph.split_whitespace() {
            if line.chars().count() + word.chars().count() >= WIDTH {
                text.push_str(&line);
                text.push('\n');
                "#".clone_into(&mut line);
            }
            line.push(' ');
            line.push_str(word);
        }
        text.push_str(&line);
        text.push('\n');
    }
}

/// A setting follows its # at once, prose a space after it.
fn uncomment(line: &str) -> &str {
    line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase())).unwrap_or(line)
}

fn read(text: &str) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("node.toml");
    std::fs::write(&path, text)?;
    let file = ConfigFile::read(&path)?;
    let command = file.apply(Cli::command())?;
    let matches = command.try_get_matches_from(["crowd", "serve"])?;
    let cli = <Cli as clap::FromArgMatches>::from_arg_matches(&matches)?;
    assert!(matches!(cli.command, Command::Serve(_)));
    Ok(format!("{cli:?}"))
}
