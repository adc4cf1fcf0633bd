//! Ten broken configurations, as `check` shows them, and a whole one; and manifests, shown by the same means.

use std::path::Path;

use pipefitter_plugins::{LIMIT_KEYS, LimitUnit, LimitValues, Manifest};
use pipefitter_sandbox::{Isolation, Limit};

use super::parse;
use super::problem::render;
use crate::plugin_files::manifest_problems;
use crate::wiring::{StateDir, worker_config};

fn problems_of(text: &str) -> String {
    match parse(Path::new("pipefitter.toml"), text) {
        Ok(_) => "no problems".to_owned(),
        Err(problems) => render(&problems, false),
    }
}

macro_rules! broken {
    ($($name:ident: $text:expr;)*) => {
        $(
            #[test]
            fn $name() {
                insta::assert_snapshot!(problems_of($text));
            }
        )*
    };
}

broken! {
    not_toml: "state-dir = /var/lib/pipefitter\n";
    a_misspelt_key: "[worker]\nslot = 3\n";
    a_misspelt_table: "[[sources]]\nid = \"main\"\nregion = \"eu-central-1\"\n";
    wrong_types: "state-dir = 7\n[worker]\nslots = \"eight\"\nexclusive = \"yes\"\n";
    units_and_ranges: "[worker]\nslots = 0\npoll-interval-min = \"2 fortnights\"\n\
                       [limits.default]\nmemory = \"lots\"\nwall = 30\n";
    intervals_the_wrong_way: "[worker]\npoll-interval-min = \"1m\"\npoll-interval-max = \"5s\"\n";
    a_partners_source_without_tokens: "[[source]]\nid = \"a\"\nregion = \"eu-west-1\"\nowner = \"ThirdParty\"\n\
                                      [[source]]\nid = \"b\"\nregion = \"eu-west-1\"\nowner = \"Thirdparty\"\n\
                                      [[source]]\nid = \"c\"\nregion = \"eu-west-1\"\n\
                                      client-tokens = { file = \"tokens.json\" }\n";
    client_tokens_without_a_place: "[[source]]\nid = \"a\"\nregion = \"eu-west-1\"\nowner = \"ThirdParty\"\n\
                                    client-tokens = {}\n\
                                    [[source]]\nid = \"b\"\nregion = \"eu-west-1\"\nowner = \"ThirdParty\"\n\
                                    client-tokens = { file = \"x\", env = \"X\", timeout = \"1s\" }\n\
                                    [[source]]\nid = \"c\"\nregion = \"eu-west-1\"\nowner = \"ThirdParty\"\n\
                                    client-tokens = { exec = [\"token-of\"], timout = \"1s\" }\n\
                                    [[source]]\nid = \"d\"\nregion = \"eu-west-1\"\nowner = \"ThirdParty\"\n\
                                    client-tokens = { exec = [\"token-of\", \"{client-id}\"], timeout = \"0s\" }\n\
                                    [[source]]\nid = \"e\"\nregion = \"eu-west-1\"\nowner = \"ThirdParty\"\n\
                                    client-tokens = \"tokens.json\"\n";
    a_source_with_odd_bounds: "[[source]]\nid = \"a\"\nregion = \"eu-west-1\"\naccount = \"1234\"\nslots = 0\n\
                               action-types = []\n\
                               [[source]]\nid = \"b\"\nregion = \"eu-west-1\"\naccount = 123456789012\n\
                               action-types = [\"Build/Site\", \"Build/Site/1\"]\n";
    a_source_without_its_parts: "[[source]]\nowner = \"ThirdParty\"\nexternal-id = \"x\"\n";
    sources_that_cannot_be_told_apart: "[[source]]\nid = \"a\"\nregion = \"eu-west-1\"\n\
                                        [[source]]\nid = \"a\"\nregion = \"eu-west-2\"\n\
                                        [[source]]\nid = \"a/b\"\nregion = \"eu-west-3\"\n";
    a_grant_of_nothing: "[plugins.publish.grant]\nscratch = 1\n\
                         directories = [{ host = \"/nowhere/at/all\", guest = \"site\", write = true }, \
                         { guest = \"/x\", mode = \"rw\" }]\n";
    news_that_cannot_come: "[[source]]\nid = \"a\"\nregion = \"eu-west-1\"\ncheck-executions = \"10ms\"\n\
                            events = { queue-url = \"arn:aws:sqs:eu-west-1:111122223333:q\" }\n\
                            [[source]]\nid = \"b\"\nregion = \"eu-west-1\"\nevents = { queue = 1 }\n\
                            [[source]]\nid = \"c\"\nregion = \"eu-west-1\"\n\
                            events = { queue-url = \"https://host/111122223333/q\" }\n\
                            [[source]]\nid = \"d\"\nregion = \"eu-west-1\"\n\
                            events = { queue-url = \"https://host/111122223333/q\", poll-interval-max = 7 }\n";
    action_types_by_halves: "[worker.slots-per-action-type]\n\"Build/Site\" = 2\n\
                             [worker.query-values]\n\"Build/Site/1\" = \"team\"\n";
    query_values_that_no_poll_may_have: "[worker.query-values]\n\
                             \"Build/Site/1\" = [\"\", \"team a\", \"team-A_1\", \"equipe-é\", \"team-A_1\"]\n\
                             \"Build/Site/2\" = [\"team-A_1\", \"a23456789012345678901234567890123456789012345678901\"]\n";
    a_key_of_a_table_that_is_not_there: "slots = 8\nslotz = 8\nplugin-size = \"1MiB\"\ncolour = 1\n";
    a_key_of_a_table_that_is_there: "region = \"eu-west-1\"\nwall = \"1m\"\nsecret = 1\n\
                                     [[source]]\nid = \"main\"\nregion = \"eu-west-1\"\n\
                                     [plugins.publish.limits]\nwall = \"1m\"\n";
}

#[test]
fn a_manifests_problems_are_shown_like_these() {
    let file = Path::new("action.toml");
    for (name, text) in [
        ("an_empty_manifest", ""),
        (
            "a_manifest_without_an_action",
            "[inputs]\nmin = 1\nmax = 1\n",
        ),
        (
            "a_manifest_of_another_type",
            "[action]\ncategory = \"Bild\" # ä\nprovider = 1\nversion = \"1",
        ),
    ] {
        let problems = Manifest::parse(text, "action.toml").unwrap_err();
        let shown = render(&manifest_problems(file, text, &problems), false);
        insta::assert_snapshot!(name, shown);
    }
}

#[test]
fn the_documented_configuration_is_read() {
    let operations = include_str!("../../../../docs/OPERATIONS.md");
    let text = operations
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let text = text
        .unwrap()
        .replace("/srv/www", env!("CARGO_MANIFEST_DIR"));
    let config = parse(Path::new("pipefitter.toml"), &text)
        .map_err(|problems| render(&problems, false))
        .unwrap();
    assert_eq!(config.worker.slots, 8);
    assert_eq!(config.sources.len(), 1);
    assert_eq!(config.plugins["publish"].grant.directories.len(), 1);
    assert!(config.plugins["publish"].grant.directories[0].write);
}

#[test]
fn client_tokens_are_where_the_table_says() {
    let text = "[[source]]\nid = \"a\"\nregion = \"eu-west-1\"\nowner = \"ThirdParty\"\nslots = 2\n\
                action-types = [\"Build/Site/1\"]\n";
    let tokens = |line: &str| {
        let text = format!("{text}client-tokens = {line}\n");
        let config = parse(Path::new("/etc/pipefitter/pipefitter.toml"), &text).unwrap();
        assert_eq!(config.sources[0].settings.slots, Some(2));
        config.sources[0].client_tokens.clone().unwrap()
    };
    let shown = |line: &str| format!("{:?}", tokens(line));
    assert_eq!(
        shown("{ file = \"tokens.json\" }"),
        "File(\"/etc/pipefitter/tokens.json\")"
    );
    assert_eq!(
        shown("{ exec = [\"bin/token-of\", \"--client={client-id}\"], timeout = \"3s\" }"),
        "Exec { command: [\"/etc/pipefitter/bin/token-of\", \"--client={client-id}\"], timeout: 3s }"
    );
    assert_eq!(
        shown("{ exec = [\"token-of\", \"{client-id}\"] }"),
        "Exec { command: [\"token-of\", \"{client-id}\"], timeout: 10s }"
    );
    assert_eq!(
        shown("{ env = \"PIPEFITTER_NO_SUCH_VARIABLE\" }"),
        "Environment { variable: \"PIPEFITTER_NO_SUCH_VARIABLE\", value: None }"
    );
}

#[test]
fn an_empty_grant_grants_nothing() {
    for text in ["", "[plugins.publish]\n", "[plugins.publish.grant]\n"] {
        let config = parse(Path::new("pipefitter.toml"), text).unwrap();
        let grant = config
            .plugins
            .get("publish")
            .map(|plugin| plugin.grant.clone());
        let grant = grant.unwrap_or_default();
        assert!(!grant.scratch && grant.directories.is_empty(), "{text}");
    }
}

#[test]
fn a_process_of_its_own_is_what_a_plugin_has_unless_its_table_says_shared() {
    let state = tempfile::tempdir().unwrap();
    let state = StateDir::open(&state.path().join("state")).unwrap();
    let isolation_of = |text: &str| {
        let config = parse(Path::new("pipefitter.toml"), text).unwrap();
        let worker = worker_config(&config, &state);
        worker.settings_of("publish", None).isolation
    };
    for unsaid in [
        "",
        "[plugins.publish]\n",
        "[plugins.publish.limits]\nwall = \"1m\"\n",
        "[plugins.publish.grant]\nscratch = true\n",
        "[plugins.other]\nisolation = \"shared\"\n",
    ] {
        assert_eq!(isolation_of(unsaid), Isolation::Process, "{unsaid}");
    }
    for (written, meant) in [
        ("process", Isolation::Process),
        ("shared", Isolation::Shared),
    ] {
        let text = format!("[plugins.publish]\nisolation = \"{written}\"\n");
        assert_eq!(isolation_of(&text), meant);
    }
    let refused = problems_of("[plugins.publish]\nisolation = \"none\"\n");
    assert!(
        refused.contains("process") && refused.contains("shared"),
        "{refused}"
    );
}

#[test]
fn limits_that_fail_every_job_are_refused() {
    let text = problems_of("[limits.default]\nwall = \"0s\"\nmemory = \"1B\"\n");
    assert_eq!(
        text.matches("so little that every job fails").count(),
        2,
        "{text}"
    );
}

#[test]
fn defaults_and_maxima_of_every_limit_are_told_apart() {
    let state = tempfile::tempdir().unwrap();
    let state = StateDir::open(&state.path().join("state")).unwrap();
    for key in LIMIT_KEYS {
        let limit = Limit::named(key.name).unwrap();
        let (usual, most) = (key.least + 1, key.least + 2);
        let line = |value: u64| match key.unit {
            LimitUnit::Duration => format!("{} = \"{value}ms\"\n", key.name),
            LimitUnit::Size => format!("{} = \"{value}B\"\n", key.name),
            LimitUnit::Count => format!("{} = {value}\n", key.name),
        };
        let (usual_line, most_line) = (line(usual), line(most));
        let text = format!("[limits.default]\n{usual_line}[limits.max]\n{most_line}");
        let config = parse(Path::new("pipefitter.toml"), &text).unwrap();
        let worker = worker_config(&config, &state);
        let asked = LimitValues::default().with(key.name, key.least + 3);
        let value = |asked| worker.settings_of("publish", asked).limits.get(limit);
        assert_eq!(value(None), usual, "{}: nothing is asked for", key.name);
        assert_eq!(value(Some(&asked)), most, "{}: too much is", key.name);
    }
}

#[test]
fn a_file_with_faults_is_still_read_for_check() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        file.path(),
        "plugins-dir = \"plugins\"\n[worker]\nslot = 1\n",
    )
    .unwrap();
    let (config, problems) = super::load_all(file.path());
    assert_eq!(problems.len(), 1);
    assert!(config.unwrap().plugins_dir.unwrap().ends_with("plugins"));
}

#[test]
fn no_grant_leads_to_the_workers_own_folders() {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["srv/www", "lib/state/work", "lib/plugins"] {
        std::fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    std::os::unix::fs::symlink("../lib", dir.path().join("srv/link")).unwrap();
    let problems = |host: &str, write: bool, state: &str| {
        let text = format!(
            "state-dir = \"{state}\"\nplugins-dir = \"lib/plugins\"\n[plugins.site.grant]\n\
             directories = [{{ host = \"{host}\", guest = \"/www\", write = {write} }}]\n"
        );
        let file = dir.path().join("pipefitter.toml");
        let problems = parse(&file, &text).err().unwrap_or_default();
        let messages = problems.into_iter().map(|problem| problem.message);
        messages.collect::<Vec<_>>().join("\n")
    };
    let own = |name: &str| format!("is, holds or lies in the worker's own `{name}`");
    for (host, write, state, told) in [
        ("srv/www", true, "lib/state", None),
        ("lib", false, "lib/state", Some("state-dir")),
        ("lib/state", false, "lib/state", Some("state-dir")),
        ("lib/state/work", false, "lib/state", Some("state-dir")),
        ("srv/link", false, "lib/state", Some("state-dir")),
        (
            "srv/www",
            false,
            "srv/link/../srv/www/new",
            Some("state-dir"),
        ),
        // Not there yet.
        ("srv", false, "srv/state/of/worker", Some("state-dir")),
        ("lib/plugins", false, "lib/state", None),
        ("lib/plugins", true, "lib/state", Some("plugins-dir")),
        ("lib", true, "srv/state", Some("plugins-dir")),
    ] {
        let found = problems(host, write, state);
        match told {
            Some(name) => assert!(found.ends_with(&own(name)), "{host}: {found}"),
            None => assert_eq!(found, "", "{host}"),
        }
    }
}
