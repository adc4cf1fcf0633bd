//! The languages that plugins are built from: one file each, a [`Kit`] each.
//!
//! A language is added so: a file `LANGUAGE.rs` here with a `static KIT: Kit`, its `mod` below, and its place in
//! [`kit::KITS`]. The kit says by which files a folder of the language is known, which tools it takes and how they are
//! installed, how they are run, and what `plugin new` writes. All else is the same for all: `plugin build` takes what
//! [`Kit::build`] leaves (a component, or a core module that names its world), adapts it, compares it with the manifest,
//! embeds that, and writes the .wasm in one step.
//!
//! What a `build` function can count on, and what it owes:
//!
//! - [`Project`] gives it the folder, the manifest, the SDK ([`Project::sdk`]), the world as a WIT package
//!   ([`Project::wit`]) and a folder for what is in between ([`Project::work`], `.pipefitter/`, which git ignores).
//! - It finds programs with [`tools::look_up`], which knows the folder's `.venv/bin` and `node_modules/.bin`, checks the
//!   version, and says what to install from which registry in one line to copy. It runs them with [`tools::run`]: what
//!   they say goes to standard error whole.
//! - It writes nothing but into [`Project::work`] and where the language's own tools always write (`target/`), and
//!   returns the path of a file that this very build has made: one of an earlier build is removed first
//!   ([`Project::fresh`]).
//! - Its errors are one line that says what to do next; the tool's own words are above it already.
//!
//! Its template is `host/cli/templates/LANGUAGE`, its SDK `guest-sdk/LANGUAGE`; [`kit::Template`] embeds both. A kit without a
//! template is built from, and not offered by `plugin new`.

mod c;
mod compiler;
mod custom;
mod go;
mod javascript;
mod kit;
mod project;
mod python;
mod rust;
mod tools;
mod zig;

pub(crate) use kit::{Kit, chosen, offered, templates};
pub(crate) use project::Project;
pub(crate) use tools::quoted;
