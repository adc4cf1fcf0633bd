//! The AWS SDK for JavaScript; the program is in tests/javascript.

use std::path::Path;

use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, RigOptions, archives, binary, finished};

use crate::boto::{action_type_json, client};

#[tokio::test]
async fn the_javascript_sdk_makes_everything_works_a_job_and_reads_it_back() {
    let plugin = Plugin::probe("Probe");
    let rig = Rig::start(RigOptions::default()).await;
    plugin.install(&rig.setup.plugins_dir);
    let (declared, source) = (rig.folder().join("type.json"), rig.folder().join("s.zip"));
    let json = action_type_json(&rig.setup.plugins_dir.join("probe.wasm")).await;
    std::fs::write(&declared, json).unwrap();
    std::fs::write(&source, archives::zip(&[("hello.txt", b"hello from node")])).unwrap();
    let _worker = rig.worker().await;
    let mut program = client(Path::new("node"), &rig.service.endpoint);
    program
        .arg(binary::root().join("tests/javascript/everything.mjs"))
        .arg(binary::npm_clients())
        .args([declared, source]);
    let (code, said, errors) = finished(program).await;
    assert_eq!(code, 0, "{said}{errors}");
}
