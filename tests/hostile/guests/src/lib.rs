//! Hostile guests, one file each in `guests/`, named after what they try; those that Rust cannot express are in `wat/`.
//!
//! They are one component, since compiling it once is what makes a suite of all of them quick: a plugin is a copy of it,
//! and the provider of its action type says which guest it is. `tests/build.rs` looks at both folders: a guest without
//! a case in the suite fails the build.

// Its exports have the names that components give them, which no native linker takes.
#![cfg(target_family = "wasm")]

mod answer;
mod guests;
mod slips;

/// Generated from the contract.
#[expect(
    unsafe_code,
    reason = "the component model's ABI is raw pointers; the code is generated"
)]
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated from wit/"
)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/action.wit",
        world: "pipefitter:action/action",
    });

    use crate::guests::Hostile;
    export!(Hostile);
}
