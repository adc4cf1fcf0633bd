//! What a second start finds: compiled code, a journal.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use pipefitter_tests::Rig;
use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;

#[tokio::test]
async fn a_second_start_compiles_nothing_and_damaged_code_is_compiled_again() {
    let plugin = Plugin::probe("Probe");
    let mut rig = Rig::with(&[&plugin]).await;
    rig.setup.compiles = true;
    let worker = rig.worker().await;
    assert_eq!(worker.served("compiled").await, 1);
    assert_eq!(worker.stop().await.code(), Some(0));
    let worker = rig.worker().await;
    assert_eq!(worker.served("compiled").await, 0);
    assert_eq!(worker.stop().await.code(), Some(0));

    let code = sealed_code(&rig);
    let mut bytes = std::fs::read(&code).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::set_permissions(&code, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&code, &bytes).unwrap();

    let worker = rig.worker().await;
    assert_eq!(worker.served("compiled").await, 1);
    let result = rig
        .outcome("after", Action::new("Act", &plugin).with("var.out", "fine"))
        .await;
    assert_eq!(result.variables["out"], "fine");
}

fn sealed_code(rig: &Rig) -> PathBuf {
    let files = std::fs::read_dir(rig.setup.state_dir.join("code")).unwrap();
    let mut files: Vec<PathBuf> = files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    assert_eq!(files.len(), 1, "one plugin, one file of code: {files:?}");
    files.remove(0)
}

#[tokio::test]
async fn the_journal_of_another_service_is_refused_with_a_remedy() {
    let plugin = Plugin::probe("Probe");
    let mut rig = Rig::with(&[&plugin]).await;
    assert_eq!(rig.worker().await.stop().await.code(), Some(0));
    rig.setup.endpoint = "http://127.0.0.1:9".to_owned();
    let worker = rig.setup.launch();
    assert_eq!(worker.process.ended().await.code(), Some(4));
    let said = worker.process.output();
    assert!(
        said.contains("journal.redb") && said.contains("state-dir of its own"),
        "{said}"
    );
}

#[tokio::test]
async fn two_workers_do_not_share_a_state_folder() {
    let plugin = Plugin::probe("Probe");
    let rig = Rig::with(&[&plugin]).await;
    let _first = rig.worker().await;
    let second = rig.setup.launch();
    assert_eq!(second.process.ended().await.code(), Some(4));
    let said = second.process.output();
    assert!(said.contains("no other worker"), "{said}");
}
