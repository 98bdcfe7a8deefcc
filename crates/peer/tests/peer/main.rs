//! A peer against a node that follows a script, and what it does with folders.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod content;
mod downloading;
mod fake_node;
mod folders;
mod hosting;
mod requesting;
