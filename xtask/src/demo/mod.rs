//! `cargo xtask demo`: the product at work on the embedded service, over real files.

mod docs;
mod folder;
mod release;
mod release_source;
mod webhook;

pub(crate) use docs::run as docs;
pub(crate) use release::run as release;
pub(crate) use release_source::lay_out as lay_out_release;
