//! Archives: unpacked whatever they are, packed whatever a guest left.

mod pack;
mod unpack;
mod yard;

pub use pack::pack;
pub use unpack::{unpack, untar};
