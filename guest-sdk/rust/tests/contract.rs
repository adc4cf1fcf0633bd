//! The contract that this crate carries is the project's.
#![allow(missing_docs, reason = "tests")]

use std::fs;
use std::path::Path;

#[test]
fn the_copied_contract_is_the_projects() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = here.join("../..");
    // A copy of this directory, as `pipefitter plugin new` makes, has no project around it.
    let in_project = fs::read_to_string(project.join("Cargo.toml"))
        .is_ok_and(|manifest| manifest.contains("\"guest-sdk/rust\""));
    if !in_project {
        return;
    }
    let truth = fs::read_to_string(project.join("wit/action.wit")).unwrap();
    let copy = fs::read_to_string(here.join("wit/action.wit")).unwrap();
    assert_eq!(
        copy, truth,
        "run: cp wit/action.wit guest-sdk/rust/wit/action.wit"
    );
}
