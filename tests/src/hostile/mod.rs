//! Hostile guests and what has to come of each: one table, by area, used by the suite and by the soak.
//!
//! A guest in `tests/hostile` that has no case here fails the build of this crate.

mod answers;
mod asynchronous;
mod case;
mod commands;
mod compute;
mod field;
mod files;
mod load;
mod memory;
mod output;
mod reaching;
pub mod soak;
mod surroundings;

pub use case::{Case, End, Seen};
pub use field::{Field, Isolation};
pub use load::{NEVER_SERVED, Refused};
pub use surroundings::Surroundings;

/// Every case of a guest that is served: what it takes, and what it says and leaves. One worker serves each group, since
/// an account has at most 50 custom action types.
pub const GROUPS: [&[&[Case]]; 4] = [
    &[compute::CASES, memory::CASES],
    &[output::CASES, answers::CASES, files::CASES],
    &[reaching::CASES],
    &[commands::CASES, asynchronous::CASES],
];

/// Every guest there is, as the build script found them.
const GUESTS: &[&str] = include!(concat!(env!("OUT_DIR"), "/guests.rs"));

const _: () = case::each_has_one(GUESTS, &GROUPS, NEVER_SERVED);

/// Every case of a guest that is served.
pub fn served() -> impl Iterator<Item = &'static Case> {
    GROUPS.into_iter().flatten().copied().flatten()
}
