//! Hostile guests that were granted something: the network at one server of the test's, one secret, a folder to read and
//! a scratch. As those in `../guests`, they are one component, and the provider of an action type says which guest it is.
//!
//! They are apart from the others since a component that imports the network or secrets is served only where these are
//! granted, and the others are to do without.

// Its exports have the names that components give them, which no native linker takes.
#![cfg(target_family = "wasm")]

#[expect(dead_code, reason = "shared with guests that need more of it")]
#[path = "../../guests/src/answer.rs"]
mod answer;
mod client;
mod guests;
#[path = "../../guests/src/slips.rs"]
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
        path: "../../../wit",
        inline: "
            package pipefitter:hostile-reaching;
            world reaching {
                include pipefitter:action/action@0.1.0;
                include pipefitter:action/needs-secrets@0.1.0;
            }
        ",
        generate_all,
    });

    use crate::guests::Hostile;
    export!(Hostile);
}
