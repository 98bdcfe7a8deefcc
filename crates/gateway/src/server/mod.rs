//! Listeners and connections: HTTP/1.1 and HTTP/2 over TCP, bounded in number, in time and in what they hold.

mod activity;
mod connection;
mod listener;
mod sent;

pub(crate) use listener::{Answer, listen};
