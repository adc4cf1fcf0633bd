//! `--update` and `--new`.

use crate::folder::Folder;

#[tokio::test]
async fn an_update_keeps_what_still_matches() {
    let folder = Folder::probe();
    folder.case(
        "old",
        r#"{ "outputs": ["Copy"], "configuration": { "var.out": "one", "var.more": "two" } }"#,
        r#"{ "variables": { "files": { "matches": "[0-9]+" }, "out": { "matches": "x.*" }, "gone": "1" }, "outcome": "failed" }"#,
    );
    folder.write("cases/old/inputs/Source/a.txt", "a\n");
    folder.write(
        "cases/old/expected/log.txt",
        "info copied [..] files\nwarn gone\n",
    );
    folder.write("cases/old/expected/outputs/Copy/old.txt", "old\n");
    let (code, said, errors) = folder.test(&["--update"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert!(said.starts_with("written old"), "{said}");
    insta::assert_snapshot!(folder.read("cases/old/expected/result.json"));
    assert_eq!(
        folder.read("cases/old/expected/log.txt"),
        "info copied [..] files\n"
    );
    assert_eq!(
        folder.read("cases/old/expected/outputs/Copy/Source/a.txt"),
        "a\n"
    );
    assert!(
        !folder
            .path("cases/old/expected/outputs/Copy/old.txt")
            .exists()
    );

    let (code, said, errors) = folder.test(&["--update"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert!(
        said.starts_with("ok      old"),
        "nothing is written twice: {said}"
    );
    let (code, said, errors) = folder.test(&[]).await;
    assert_eq!(code, 0, "{said}{errors}");
}

#[tokio::test]
async fn a_chain_is_followed_to_its_end_where_nothing_is_expected() {
    let folder = Folder::probe();
    folder.case(
        "chain",
        r#"{ "configuration": { "do": "continue", "hops": "2" } }"#,
        "",
    );
    folder.case(
        "endless",
        r#"{ "configuration": { "do": "continue", "hops": "100" } }"#,
        "",
    );
    let (code, said, errors) = folder.test(&["--update"]).await;
    assert_eq!(code, 1, "{said}{errors}");
    assert!(said.contains("the chain goes on after 20 jobs"), "{said}");
    insta::assert_snapshot!(folder.read("cases/chain/expected/result.json"));
    let (code, said, errors) = folder.test(&["--case", "chain"]).await;
    assert_eq!(code, 0, "{said}{errors}");
}

#[tokio::test]
async fn a_case_is_made_of_the_example() {
    let plugin = pipefitter_tests::plugins::Plugin {
        inputs: (1, 1),
        outputs: (1, 1),
        ..pipefitter_tests::plugins::Plugin::probe("Probe")
    };
    let folder = Folder::of(&plugin);
    folder.write("job.json", r#"{ "configuration": { "var.out": "one" } }"#);
    folder.write("example/names.txt", "Ada\n");
    let (code, said, errors) = folder.test(&["--new", "first"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert!(
        said.starts_with("Made probe/cases/first\nwritten first"),
        "{said}"
    );
    assert_eq!(folder.read("cases/first/inputs/Source/names.txt"), "Ada\n");
    assert_eq!(
        folder.read("cases/first/expected/outputs/Output/Source/names.txt"),
        "Ada\n"
    );
    let (code, said, errors) = folder.test(&[]).await;
    assert_eq!(code, 0, "{said}{errors}");
    let (code, _, errors) = folder.test(&["--new", "first"]).await;
    assert_eq!(code, 4);
    assert!(errors.contains("is there already"), "{errors}");
    let (code, _, errors) = folder.test(&["--new", "../x"]).await;
    assert_eq!(code, 4);
    assert!(errors.contains("cannot be a case's name"), "{errors}");
}
