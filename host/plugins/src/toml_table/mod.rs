//! Reading TOML that a person wrote: everything that is wrong with a text at once, each with its place and
//! with what to write instead.
//!
//! Serde stops at the first fault and knows no place for a key that is absent, so the spanned tree of the
//! TOML parser is read instead, table by table. One reader serves the manifest and the operator's
//! configuration, so that both refuse the same things in the same words.
//!
//! What a reader asks a [`Table`] for is what the table may hold. A getter that finds something else notes a
//! problem and returns nothing, like one that finds no value: the reader goes on either way, and [`read`]
//! gives its value away only if nobody noted anything. When a reader is done with a table, the keys that it
//! never asked for are told as unknown (one of the root that is alike to a key of a table, with that table), and a [required](Table::require) key that is absent is told unless an
//! unknown one is probably it, misspelt.
//!
//! No text makes this panic, and none gets through to a terminal as control characters. Of a text that is
//! not TOML, what the parser made of the broken lines is guesswork: nothing else is told of these.

mod entry;
mod problem;
mod table;
#[cfg(test)]
mod tests;
mod words;

pub use entry::Entry;
pub use problem::TableProblem;
pub use table::{Table, read};
pub use words::key;
pub(crate) use words::{meant, one_of, printable};
