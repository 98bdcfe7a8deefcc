//! `crowd completions`: what a shell needs to complete the command line.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use crate::cli::Cli;
use crate::output::say;

/// Print what your shell needs to complete `crowd` and its flags.
#[derive(Debug, Args)]
#[command(after_help = "\
Where it goes:
  bash        crowd completions bash > ~/.local/share/bash-completion/completions/crowd
  zsh         crowd completions zsh > a folder of $fpath, as _crowd
  fish        crowd completions fish > ~/.config/fish/completions/crowd.fish
  elvish      crowd completions elvish >> ~/.config/elvish/rc.elv
  powershell  crowd completions powershell >> $PROFILE")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

impl CompletionsArgs {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        say(script(self.shell)?.trim_end());
        Ok(())
    }
}

fn script(shell: Shell) -> anyhow::Result<String> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "crowd", &mut script);
    Ok(String::from_utf8(script)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;
    use std::io::Write;
    use std::process::{Command, Stdio};

    #[test]
    fn every_shell_learns_commands_and_flags() {
        for shell in Shell::value_variants() {
            let script = script(*shell).unwrap();
            for word in ["publish", "completions", "cluster-advertise"] {
                assert!(script.contains(word), "{shell} lacks {word}");
            }
        }
    }

    #[test]
    fn bash_completes_by_it() {
        let ask = "COMP_WORDS=(crowd serve --drain-d) COMP_CWORD=2; _crowd crowd --drain-d serve; echo ${COMPREPLY[@]}";
        let mut bash = Command::new("bash");
        bash.arg("-s").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let Ok(mut bash) = bash.spawn() else { return eprintln!("skipped: there is no bash here") };
        let mut stdin = bash.stdin.take().unwrap();
        writeln!(stdin, "{}\n{ask}", script(Shell::Bash).unwrap()).unwrap();
        drop(stdin);
        let output = bash.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said.trim(), "--drain-delay", "{}", String::from_utf8_lossy(&output.stderr));
    }
}
