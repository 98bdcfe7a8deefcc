//! A peer against a node that follows a script, and what it does with folders.

mod content;
mod downloading;
mod fake_node;
mod folders;
mod hosting;
mod requesting;
