//! Hides secrets in text on its way out of a job.
//!
//! ```text
//!   secrets --forms--> every spelling of each --search--> what of a text belongs to one --hide--> `***`
//!      ^
//!      '-- more of them while the job runs: what is said later is without them too
//! ```
//!
//! A secret is looked for as it is, in base64 (standard and URL-safe, at each of the three alignments it
//! can have inside something longer), in hex, percent-encoded, form-encoded, in small letters as hosts are written, and as
//! a JSON string as common writers escape it. A secret of several lines is hidden line by line too, since logs come in lines. Every
//! byte that belongs to any occurrence is hidden, overlapping ones together.
//!
//! One of [`SHORTEST`] characters or more is hidden wherever it occurs. A shorter one is hidden where it
//! stands alone, that is, where no letter or digit before or after it makes it part of a longer word: `no`
//! as a password must not blank every `not`.
//!
//! Text comes whole: the sandbox joins what a plugin writes in pieces into lines, and no line is masked
//! before its end is there. A line that was cut may end in the first part of a secret: [`Masker::mask_cut`]
//! hides that part, and [`Masker::mask_quoting`] does so in the middle of a message, where staging has cut a name.
//! Whatever else has a length limit is masked before it is cut.
//!
//! All of this guards against accident. A plugin that spells a secret in a way of its own is not stopped.

mod forms;
mod hide;
mod search;
mod secret;
#[cfg(test)]
mod tests;

pub(crate) use forms::SHORTEST;
pub(crate) use hide::Masker;
pub(crate) use secret::Secret;
