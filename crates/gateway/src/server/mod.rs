//! Listeners and connections: HTTP/1.1 and HTTP/2 over TCP or TLS, bounded in number, in time and in what they hold.

mod activity;
mod closing;
mod connection;
mod listener;
mod sent;
mod tls;
mod to_https;

pub(crate) use listener::{Answer, Port, listen};
pub use tls::Tls;
