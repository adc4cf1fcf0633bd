//! Archives: what is unpacked from one and what is packed into one, through directory handles.
//!
//! Every archive is hostile. Names are checked as text before any of them reaches the file system
//! (`name`), all writing goes through one place that knows every path it has made (`place`), and
//! what is inflated is counted as it comes, whatever headers say (`meter`). Links are made last, so
//! that nothing is ever written through one. Zip is read by the zip crate behind a look of our own
//! at the end record (`census`); of tar only single header blocks are read by the tar crate, since
//! its iterator takes extension headers of any size into memory.

mod census;
mod detect;
mod layout;
mod meter;
mod name;
mod pack;
#[cfg(test)]
mod pack_races;
mod pax;
mod place;
mod record;
mod unpack;
mod untar;
mod unzip;
mod walk;

pub(crate) use name::safe_file_name;
pub use pack::Packed;
pub(crate) use pack::pack;
pub(crate) use unpack::{Job, unpack};
