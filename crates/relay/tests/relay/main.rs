//! The relay under paused time, between fake peers and fake nodes whose every move a test writes down.

#![allow(clippy::unwrap_used, reason = "helpers of tests are no tests by themselves")]

mod asking;
mod caching;
mod hedging;
mod names;
mod nodes;
mod rooms;
mod sharing;
mod world;
