//! One plugin in every language, and what each of them must do: tests/conformance/README.md says what that is.
//!
//! The guests are what lies in tests/conformance/guests; `cargo xtask` builds them. One worker serves all of them, a
//! pipeline for each case has one action for each language, and what came of it is compared with the same expectation.
//! The components that were built when a version of the contract was published pass the same cases ever after.
//!
//! What was measured on the way goes to `conformance.json` below the target directory, of which `cargo xtask
//! conformance` makes the matrix of docs/LANGUAGES.md.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails may panic"
)]

mod cases;
mod golden;
mod guests;
mod matrix;
mod world;

use std::os::unix::fs::FileExt;
use std::path::Path;

use pipefitter_tests::{binary, finished};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::guests::Guest;
use crate::matrix::Matrix;
use crate::world::World;

/// What is measured is measured alone.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test]
async fn every_language_passes_every_case() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let matrix = every_case(guests::all()).await;
    matrix.write();
    assert!(matrix.failures().is_empty(), "{}", matrix.told());
}

#[tokio::test]
async fn golden_components_of_every_published_contract_pass_every_case() {
    let _alone = ONE_AT_A_TIME.lock().await;
    for version in golden::published() {
        let unpacked = tempfile::tempdir_in(binary::target()).unwrap();
        let guests = golden::guests(&version, unpacked.path());
        println!("golden components of {version}");
        let matrix = every_case(guests).await;
        assert!(matrix.failures().is_empty(), "{version}: {}", matrix.told());
    }
}

async fn every_case(guests: Vec<Guest>) -> Matrix {
    let mut matrix = Matrix::new(guests.clone());
    let mut world = World::start(guests).await;
    let worker = world.rig.worker().await;
    for case in cases::ALL {
        world.run(case, &mut matrix).await;
    }
    let mut said = world.stop(worker, &mut matrix).await;

    world.hasten("10s");
    let worker = world.rig.worker().await;
    world.run(&cases::DEADLINE, &mut matrix).await;
    // The second start found what the first compiled.
    said.push_str(&worker.stop_cleanly().await);
    matrix.measured(&said);
    let guests = &world.guests;
    takes_many_inputs(guests, &mut matrix).await;
    reads_a_gibibyte(guests, &mut matrix).await;
    matrix
}

/// What one language comes to by itself: `pipefitter invoke`, over folders of this machine.
async fn invoked(guest: &Guest, folder: &Path, arguments: &[&str]) -> Value {
    let mut command = Command::new(binary::pipefitter());
    command
        .arg("invoke")
        .arg(&guest.wasm)
        .args(arguments)
        .arg("--config")
        .arg(folder.join("grants.toml"))
        .current_dir(folder)
        .env_remove("PIPEFITTER_CONFIG")
        .env("CONFORMANCE_SECRET", "conformance-secret");
    let (_, said, errors) = finished(command).await;
    serde_json::from_str(&said)
        .unwrap_or_else(|error| panic!("{}: {error}: {said}{errors}", guest.name))
}

fn invoking(guests: &[Guest]) -> TempDir {
    let folder = tempfile::tempdir_in(binary::target()).unwrap();
    let server = ([127, 0, 0, 1], 9).into();
    // By the name of the file, as workers take it.
    let guests: Vec<Guest> = guests
        .iter()
        .map(|guest| Guest {
            name: format!("conformance-{}", guest.name),
            ..guest.clone()
        })
        .collect();
    let mut grants = world::tables(&guests, server, "300s");
    // What is read in pieces compresses well.
    grants.push_str("[unpack]\nratio = 2000\n");
    std::fs::write(folder.path().join("grants.toml"), grants).unwrap();
    folder
}

/// Five inputs, in the order in which the job has them.
async fn takes_many_inputs(guests: &[Guest], matrix: &mut Matrix) {
    let folder = invoking(guests);
    let names = ["Zebra", "alpha", "Beta", "m-1", "Last"];
    let mut arguments = vec!["--set".to_owned(), "case=inputs".to_owned()];
    let mut expected = String::new();
    for (at, name) in names.iter().enumerate() {
        let input = folder.path().join(name);
        std::fs::create_dir(&input).unwrap();
        std::fs::write(input.join("file.txt"), "x".repeat(at)).unwrap();
        expected.push_str(&format!("{name}/file.txt {at}\n"));
        arguments.extend(["--input".to_owned(), format!("{name}={name}")]);
    }
    for guest in guests {
        let out = format!("out-{}", guest.name);
        let mut arguments = arguments.clone();
        arguments.extend(["--output".to_owned(), format!("Out={out}")]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let outcome = invoked(guest, folder.path(), &arguments).await;
        let listing = std::fs::read_to_string(folder.path().join(out).join("listing.txt"));
        let right =
            outcome["variables"]["inputs"] == "5" && listing.is_ok_and(|made| made == expected);
        matrix.add(
            &guest.name,
            "inputs-five",
            (!right).then(|| outcome.to_string()),
        );
    }
}

/// A file of one gibibyte, in pieces.
async fn reads_a_gibibyte(guests: &[Guest], matrix: &mut Matrix) {
    const SIZE: u64 = 1 << 30;
    let size = SIZE.to_string();
    let folder = invoking(guests);
    let input = folder.path().join("in");
    std::fs::create_dir(&input).unwrap();
    let file = std::fs::File::create(input.join("big.bin")).unwrap();
    file.write_all_at(&[7], SIZE - 1).unwrap();
    for guest in guests {
        let arguments = ["--set", "case=large", "--input", "Source=in"];
        let outcome = invoked(guest, folder.path(), &arguments).await;
        if guest.name == "typescript" {
            // StarlingMonkey gives back nothing that was read while a job runs: docs/plugins/typescript.md says so.
            let said = outcome["message"].as_str().unwrap_or_default();
            assert!(said.contains("limit on memory"), "{outcome}");
            continue;
        }
        let variables = &outcome["variables"];
        let right = variables["bytes"] == size && variables["last"] == "7";
        matrix.add(&guest.name, "large", (!right).then(|| outcome.to_string()));
    }
}
