//! `crowd status`: how a node and its cluster are, from the node's admin port.

mod cluster_view;
mod columns;
mod screen;
mod words;

use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use crate::exit::Failure;
use crate::{admin_client, output};
use cluster_view::ClusterView;
use screen::Screen;
use words::told;

/// The nodes are asked no more often than this.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// Moves to the top left.
const HOME: &str = "\x1b[H";
/// Clears what was there before: of this line, and of all below.
const END_OF_LINE: &str = "\x1b[K\n";
const BELOW: &str = "\x1b[J";

/// Show the cluster: nodes, load, traffic, busy projects, and those about to go dark
///
/// Asks a node's admin port, which is open to its own computer only unless its operator said otherwise. Any node
/// answers for the whole cluster.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  crowd status
  crowd status --watch
  crowd status --check
      exit code 0 if the node is ready, else 1: for the health check of a container
  crowd status --json | jq '.nodes[] | {name, state, peers}'")]
pub(crate) struct StatusArgs {
    /// The node's admin port
    #[arg(long, env = "CROWD_ADMIN", value_name = "URL", default_value = "http://127.0.0.1:7002")]
    admin: String,

    /// Show it anew every second
    #[arg(long)]
    watch: bool,

    /// Only say whether the node is ready, by the exit code
    #[arg(long, conflicts_with_all = ["watch", "json"])]
    check: bool,

    /// Print the node's own JSON, one object a line
    #[arg(long)]
    json: bool,
}

impl StatusArgs {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        if self.check {
            return self.check().await;
        }
        if !self.watch {
            output::say(self.text(&self.fetch().await?)?.trim_end());
            return Ok(());
        }
        loop {
            let text = match self.fetch().await {
                Ok(json) => self.text(&json)?,
                // The node may be starting again: that is what one watches for.
                Err(error) => format!("{error:#}\n"),
            };
            // Programs want all of the JSON, wherever it goes.
            let drawn = output::is_screen() && !self.json;
            output::say(if drawn { redrawn(&Screen::now().fit(&text)) } else { text });
            tokio::time::sleep(WATCH_EVERY).await;
        }
    }

    async fn check(&self) -> anyhow::Result<()> {
        let ready = admin_client::is_ready(&self.admin).await?;
        output::say(if ready { "ready" } else { "not ready" });
        match ready {
            true => Ok(()),
            false => Err(Failure::No(format!("the node at {} is not ready", self.admin)).into()),
        }
    }

    async fn fetch(&self) -> anyhow::Result<Value> {
        admin_client::get(&self.admin, "/api/overview").await
    }

    fn text(&self, json: &Value) -> anyhow::Result<String> {
        match self.json {
            true => Ok(json.to_string()),
            false => Ok(told(&ClusterView::deserialize(json)?)),
        }
    }
}

/// The text, without its last line break, in place of what was there before. Nothing is cleared first, so that nothing
/// flickers.
fn redrawn(text: &str) -> String {
    format!("{HOME}{}{BELOW}", text.replace('\n', END_OF_LINE))
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_line_wipes_the_one_before_it() {
        assert_eq!(super::redrawn("a\nb"), "\x1b[Ha\x1b[K\nb\x1b[J");
    }
}
