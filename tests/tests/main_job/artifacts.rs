//! Input artifacts that must not be unpacked, and what the failure says of them.

use pipefitter_tests::archives;
use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Fault, Rig};

#[tokio::test]
async fn bad_archives_fail_the_action_and_name_the_entry() {
    let build = Plugin::probe("Probe");
    let mut rig = Rig::with(&[&build]).await;
    rig.setup.tables = "[unpack]\nratio = 100\nbytes = \"32MiB\"\n".to_owned();
    let cases: [(&str, Vec<u8>, &str); 7] = [
        ("truncated", archives::truncated(), ""),
        (
            "climbing",
            archives::zip_named("../../escaped.txt"),
            "../../escaped.txt",
        ),
        (
            "absolute",
            archives::zip_named("/etc/pipefitter-escaped"),
            "/etc/pipefitter-escaped",
        ),
        (
            "drive",
            archives::zip_named("C:/escaped.txt"),
            "C:/escaped.txt",
        ),
        ("bomb", archives::bomb(), "zeros.bin"),
        ("link", archives::leaving_link(), "passwords"),
        ("twice", archives::zip_named("sub/a.txt"), ""),
    ];
    let mut executions = Vec::new();
    for (name, source, _) in &cases {
        let pipeline = Pipeline::new(name)
            .stage([Action::new("Unpack", &build).input("Source").output("Out")]);
        rig.service.create(&pipeline, source.clone()).await;
        executions.push(rig.service.begin(name).await);
    }
    let worker = rig.worker().await;
    for ((name, _, entry), execution) in cases.iter().zip(&executions) {
        rig.service.ended(execution).await;
        let result = &rig.service.actions(name, execution).await["Unpack"];
        if *name == "twice" {
            // The one good archive: what is refused above is refused for its names.
            assert_eq!(result.status, "Succeeded", "{result:?}");
            continue;
        }
        let (_, message) = result.failure();
        assert!(
            message.contains("Source"),
            "{name}: the artifact is not named: {message}"
        );
        assert!(
            message.contains(entry),
            "{name}: the entry is not named: {message}"
        );
    }
    assert!(!std::path::Path::new("/etc/pipefitter-escaped").exists());
    assert_eq!(worker.stop().await.code(), Some(0));
    let left: Vec<_> = std::fs::read_dir(rig.setup.state_dir.join("work"))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "work folders are left: {left:?}");
}

#[tokio::test]
async fn a_source_that_is_no_archive_is_placed_as_one_file() {
    let build = Plugin::probe("Probe");
    let rig = Rig::with(&[&build]).await;
    let pipeline = Pipeline::new("plain")
        .stage([Action::new("Copy", &build).input("Source").output("Out")])
        .stage([Action::new("Describe", &build)
            .doing("describe")
            .input("Source")]);
    rig.service
        .create(&pipeline, b"no archive at all".to_vec())
        .await;
    let _worker = rig.worker().await;
    let actions = rig.service.run("plain").await;
    assert_eq!(actions["Copy"].variables["files"], "1");
    let input = &actions["Describe"].variables["input0"];
    let parts: Vec<&str> = input.split(' ').collect();
    assert!(
        parts[2].starts_with(parts[1]),
        "the file is in the input's folder: {input}"
    );
    let files = archives::unzip(&rig.service.object(&actions["Copy"].outputs["Out"]).await);
    assert!(
        files
            .iter()
            .any(|(_, content)| content == b"no archive at all"),
        "{files:?}"
    );
}

#[tokio::test]
async fn an_input_that_is_gone_or_denied_says_why() {
    let build = Plugin::probe("Probe");
    let rig = Rig::with(&[&build]).await;
    let pipeline = Pipeline::new("gone")
        .stage([Action::new("Make", &build).input("Source").output("Made")])
        .stage([Action::new("Use", &build).input("Made")]);
    rig.create(&pipeline).await;
    let _worker = rig.worker().await;
    // The second job is stopped at its acknowledge until its input is deleted.
    rig.proxy.hold_answer("AcknowledgeJob").release();
    let mut second = rig.proxy.hold_answer("AcknowledgeJob");
    let execution = rig.service.begin("gone").await;
    second.arrived().await;
    let made = rig.service.actions("gone", &execution).await["Make"].outputs["Made"].clone();
    rig.service
        .s3
        .delete_object()
        .bucket(&made.0)
        .key(&made.1)
        .send()
        .await
        .unwrap();
    second.release();
    rig.service.ended(&execution).await;
    let actions = rig.service.actions("gone", &execution).await;
    let (kind, message) = actions["Use"].failure();
    assert!(
        ["PermissionError", "RevisionUnavailable"].contains(&kind),
        "{kind}: {message}"
    );
    assert!(
        message.contains("Made") && message.contains("not there"),
        "{message}"
    );

    // S3 answers so for both: who may not list a bucket is not told what is missing in it.
    for _ in 0..5 {
        rig.proxy.next("GET", Fault::Answer(403, "AccessDenied"));
    }
    let result = rig
        .outcome("denied", Action::new("Use", &build).input("Source"))
        .await;
    let (kind, message) = result.failure();
    assert_eq!(kind, "RevisionUnavailable", "{message}");
    for named in ["Source", "KMS", "gone"] {
        assert!(message.contains(named), "{named:?} is not named: {message}");
    }
}

#[tokio::test]
async fn outputs_are_encrypted_with_the_pipelines_key() {
    const KEY: &str = "arn:aws:kms:us-east-1:000000000000:key/01234567-89ab-cdef-0123-456789abcdef";
    let build = Plugin::probe("Probe");
    let rig = Rig::with(&[&build]).await;
    let pipeline = Pipeline::new("encrypted")
        .encrypted_with(KEY)
        .stage([Action::new("Make", &build).input("Source").output("Made")]);
    rig.create(&pipeline).await;
    let _worker = rig.worker().await;
    let made = &rig.service.run("encrypted").await["Make"];
    assert_eq!(made.status, "Succeeded", "{made:?}");
    let (bucket, key) = &made.outputs["Made"];
    let head = rig
        .service
        .s3
        .head_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .unwrap();
    assert_eq!(
        head.server_side_encryption().map(|kind| kind.as_str()),
        Some("aws:kms")
    );
    assert_eq!(
        head.ssekms_key_id(),
        Some(KEY),
        "the key's id is passed on word for word"
    );
}
