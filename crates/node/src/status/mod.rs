//! What a node says of itself and of its cluster: to the other nodes, on the admin port, on its page.

mod acquaintances;
mod board;
mod brief;
mod fresh;
mod load;
mod overview;
mod portrait;
mod ring_map;
mod window;

pub(crate) use board::Board;
pub(crate) use brief::Brief;
pub(crate) use ring_map::RingMap;
