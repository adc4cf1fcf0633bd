//! What readers of both files rely on, with a reader that uses every getter.

use proptest::prelude::*;

use super::{Table, TableProblem, read};

fn everything(root: &Table<'_>) -> Option<()> {
    root.require("host", "add a line such as `host = \"a\"`");
    let _ = (
        root.text("host"),
        root.flag("on"),
        root.count("n", 1..=9_u8),
    );
    let _ = (root.duration("wall"), root.size("memory"));
    let _ = root.choice("kind", &[("text", 1), ("json", 2)]);
    root.table("inner", |table| table.table("most", |most| most.text("a")));
    root.tables("item", |table| {
        table.require("id", "add it");
        table.text("id")
    });
    for (_, entry) in root.named("own") {
        let _ = entry.texts();
    }
    Some(())
}

fn problems(text: &str) -> Vec<TableProblem> {
    read(text, everything).err().unwrap_or_default()
}

fn told(text: &str) -> Vec<String> {
    let said = |problem: TableProblem| format!("{}; {}", problem.message, problem.remedy);
    problems(text).into_iter().map(said).collect()
}

#[test]
fn what_is_asked_for_is_read() {
    let good = "host = 'a'\non = true\nn = 0x9\nwall = '0s'\nmemory = '1KiB'\nkind = 'json'\n\
                inner.most.a = 'b'\nitem = [{ id = '1' }]\n[own]\n'any.name' = ['x', '']\n";
    assert_eq!(told(good), [""; 0]);
}

#[test]
fn everything_else_is_told_at_once_and_by_its_path() {
    insta::assert_snapshot!(
        told(
            "host = ' '\non = 'yes'\nn = 10\nwall = 3\nmemory = '3MB'\nkind = 'jsn'\n\
             inner.most = 1\nitem = [{ name = '1' }, 2]\n[own]\nx = 'y'\nz = ['a', 3]\n"
        )
        .join("\n")
    );
    assert_eq!(
        told("host = 'a'\n[item]\n"),
        ["`item` is a table, not a list of tables; write [[item]], in double brackets"]
    );
    assert_eq!(
        told("host = 'a'\nown = 1\n"),
        ["`own` is the number 1, not a table; write [own] and its keys below"]
    );
}

#[test]
fn a_required_key_that_is_misspelt_is_told_once() {
    assert_eq!(
        told("hots = 'a'"),
        ["unknown key `hots`; did you mean `host`?"]
    );
    assert_eq!(
        told(""),
        ["there is no `host`; add a line such as `host = \"a\"`"]
    );
    // One that is there, and wrong, is not missing.
    assert_eq!(
        told("host = 1"),
        ["`host` is the number 1, not text; put it in double quotes"]
    );
}

#[test]
fn a_key_of_the_root_that_is_a_tables_is_told_with_the_table() {
    let good = "host = 'x'\n";
    // Whether the table is there or not.
    for table in ["", "[inner]\n"] {
        assert_eq!(
            told(&format!("most = 1\n{good}{table}")),
            ["unknown key `most`; `most` belongs in [inner]"]
        );
    }
    assert_eq!(
        told(&format!("{good}id = '1'\nMost = 1\n[[item]]\nid = '1'\n")),
        [
            "unknown key `id`; `id` belongs in [[item]]",
            "unknown key `Most`; did you mean `most`? It belongs in [inner]"
        ]
    );
    // The root's own come first.
    assert_eq!(
        told(&format!("{good}inne = 1\n")),
        ["unknown key `inne`; did you mean `inner`?"]
    );
}

#[test]
fn what_follows_a_line_that_is_not_toml_is_not_judged() {
    let told = told("[inner\nn = 'x'\n[own]\nx = 1\n");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("not TOML: "), "{told:?}");
    assert!(
        told[1].starts_with("`x` in `own` is the number 1"),
        "{told:?}"
    );
}

#[test]
fn no_control_character_reaches_a_terminal() {
    for problem in problems("kind = \"\\u001b[2J\"\n\"\\u0007\" = 1\n") {
        let said = problem.message + &problem.remedy;
        assert!(!said.contains(char::is_control), "{said:?}");
    }
}

proptest! {
    #[test]
    fn every_place_is_one_of_the_text(
        lines in prop::collection::vec(
            prop_oneof![
                "(?s).{0,20}",
                prop::sample::select(vec![
                    "host = 'ä", "[own]", "x = ['é'", "[[item]]", "id = 1", "n = '", "item = [", "é = {",
                ]).prop_map(str::to_owned),
            ],
            0..12,
        ),
    ) {
        let text = lines.join("\n");
        for problem in problems(&text) {
            prop_assert!(text.get(problem.span.clone()).is_some(), "{:?}", problem);
            prop_assert!(!problem.message.is_empty() && !problem.remedy.is_empty());
        }
    }
}
