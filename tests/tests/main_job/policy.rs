//! The plugin policy, which is a program in Python with libraries of PyPI: in a pipeline, over the sources of two of its
//! own cases.

use std::path::Path;

use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::{Rig, RigOptions, ServiceOptions, archives, binary, fresh_copy};
use serde_json::Value;

/// The input `Source` of a case of the plugin's, as a zip.
fn source(case: &str) -> Vec<u8> {
    let folder = binary::root()
        .join("plugins/policy/cases")
        .join(case)
        .join("inputs/Source");
    let mut files = Vec::new();
    gather(&folder, "", &mut files);
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, content)| (name.as_str(), content.as_slice()))
        .collect();
    archives::zip(&files)
}

fn gather(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            gather(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push((name, std::fs::read(entry.path()).unwrap()));
        }
    }
}

#[tokio::test]
async fn templates_that_keep_the_rules_have_a_report_and_those_that_break_them_fail() {
    let plugins = tempfile::tempdir().unwrap();
    fresh_copy(
        &binary::shipped("policy"),
        &plugins.path().join("policy.wasm"),
    );
    let service = ServiceOptions {
        plugins: Some(plugins.path().to_path_buf()),
        ..ServiceOptions::default()
    };
    let mut rig = Rig::start(RigOptions {
        plugins: Vec::new(),
        service,
    })
    .await;
    rig.service.has_types(1).await;
    // One cache of compiled code for service and worker: Python's takes a while.
    rig.setup.plugins_dir = plugins.path().to_path_buf();
    rig.setup.state_dir = rig.folder().join("service");
    for case in ["clean", "violations"] {
        let action = Action::of_type("Policy", "Test", "Policy")
            .input("Source")
            .output("Report");
        let pipeline = Pipeline::new(case).stage([action]);
        rig.service.create(&pipeline, source(case)).await;
    }
    let worker = rig.worker().await;

    let clean = &rig.service.run("clean").await["Policy"];
    assert_eq!(clean.status, "Succeeded", "{clean:?}");
    assert_eq!(clean.variables["files"], "2");
    assert_eq!(clean.variables["violations"], "0");
    assert_eq!(clean.variables["undecided"], "1");
    let files = archives::unzip(&rig.service.object(&clean.outputs["Report"]).await);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["report.json", "report.md"]);
    let report: Value = serde_json::from_slice(&files[0].1).unwrap();
    let warning = &report["warnings"][0];
    assert_eq!(warning["file"], "templates/bucket.yaml");
    assert_eq!(warning["line"], 19);

    let broken = &rig.service.run("violations").await["Policy"];
    let (kind, message) = broken.failure();
    assert_eq!(kind, "JobFailed");
    for said in [
        "6 violations in 2 files, 1 warning:",
        "services/api.json:3: schemas/service.schema.json: port: 80 is less than the minimum of 1024",
        "templates/bucket.template:6: bucket-private: ",
    ] {
        assert!(message.contains(said), "{message}");
    }
    assert_eq!(worker.stop().await.code(), Some(0));
}
