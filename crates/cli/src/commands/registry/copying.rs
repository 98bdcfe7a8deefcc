//! One copy: opens both registries, shows how far it is, and says what became of the names.

use anyhow::Context;
use crowd_node::EtcdAccess;
use crowd_registry::{Copied, Fate, Target, copy};
use serde_json::json;

use super::place::Place;
use crate::exit::Failure;
use crate::output;
use crate::progress::Screen;

/// Names that are listed one by one, of those that were not copied; the rest is counted.
const LISTED: u64 = 100;

pub(super) struct Copying {
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) dry_run: bool,
    pub(super) json: bool,
    pub(super) access: EtcdAccess,
}

/// How many names met which fate.
#[derive(Debug, Default)]
struct Sums {
    added: u64,
    updated: u64,
    same: u64,
    newer: u64,
    kept: u64,
    damaged: u64,
}

impl Copying {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self { from, to, access, .. } = &self;
        if from == to {
            return Err(Failure::Usage("--from and --to are the same registry".to_owned()).into());
        }
        let source = from.open(access).await?;
        let source = source.ok_or_else(|| Failure::NotFound(format!("there is no registry in {from}")))?;
        let existing = to.open(access).await?;
        if let Some(target) = existing.as_ref().filter(|target| target.id() != source.id()) {
            self.remark(format_args!(
                "{to} has an id of its own and keeps it: its nodes are of the cluster {}, those of {from} were of {}",
                target.id(),
                source.id()
            ));
        }
        let target = match existing {
            None if !self.dry_run => Some(to.open_or_create(access, source.id()).await?),
            existing => existing,
        };
        let target = match (&target, self.dry_run) {
            (Some(target), false) => Target::Into(&**target),
            (target, _) => Target::Trial(target.as_deref()),
        };
        let names = source.len().await.with_context(|| from.to_string())?;
        let screen = Screen::new(self.json);
        let (mut sums, mut bar) = (Sums::default(), screen.names("copying"));
        let copied = copy(&*source, target, |Copied { what, fate }| {
            sums.count(fate);
            bar.set(sums.all(), names);
            self.tell(&screen, &what, fate, &sums);
        });
        let copied = copied.await;
        bar.finish();
        copied.with_context(|| format!("copying broke off after {}", output::count(sums.all(), "name")))?;
        self.conclude(&sums)
    }

    /// Names that were not copied are listed, all with `--json`.
    fn tell(&self, screen: &Screen, what: &str, fate: Fate, sums: &Sums) {
        if self.json {
            output::say_json(&json!({ "name": what, "fate": word(fate) }));
            return;
        }
        let why = match fate {
            Fate::Added | Fate::Updated | Fate::Same | Fate::Newer => return,
            Fate::Taken => "belongs to another owner there: not copied",
            Fate::Differs => "has another release of the same version there: not copied",
            Fate::Damaged => "damaged: not copied",
        };
        if sums.kept + sums.damaged <= LISTED {
            screen.remark(format_args!("{what}: {why}"));
        }
    }

    fn conclude(&self, sums: &Sums) -> anyhow::Result<()> {
        let Sums { added, updated, same, newer, kept, damaged } = sums;
        if self.json {
            output::say_json(&json!({
                "added": added, "updated": updated, "same": same, "newer": newer, "kept": kept,
                "damaged": damaged, "dry_run": self.dry_run,
            }));
        } else {
            let would = if self.dry_run { "would be " } else { "" };
            output::say(format_args!(
                "{}: {added} {would}added, {updated} {would}updated, {same} the same already, {newer} newer there",
                output::count(sums.all(), "name"),
            ));
        }
        match kept + damaged {
            0 => Ok(()),
            _ => Err(Failure::Refused(format!(
                "{kept} of other owners or releases stay as they are in {}, {damaged} are damaged in one or the other",
                self.to
            ))
            .into()),
        }
    }

    fn remark(&self, line: std::fmt::Arguments<'_>) {
        if !self.json {
            output::remark(line);
        }
    }
}

impl Sums {
    fn count(&mut self, fate: Fate) {
        *match fate {
            Fate::Added => &mut self.added,
            Fate::Updated => &mut self.updated,
            Fate::Same => &mut self.same,
            Fate::Newer => &mut self.newer,
            Fate::Differs | Fate::Taken => &mut self.kept,
            Fate::Damaged => &mut self.damaged,
        } += 1;
    }

    fn all(&self) -> u64 {
        self.added + self.updated + self.same + self.newer + self.kept + self.damaged
    }
}

fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Added => "added",
        Fate::Updated => "updated",
        Fate::Same => "same",
        Fate::Newer => "newer",
        Fate::Differs => "differs",
        Fate::Taken => "taken",
        Fate::Damaged => "damaged",
    }
}
