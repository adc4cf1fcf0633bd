//! What shows only when all is read, with the line it is about.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pipefitter_plugins::{
    Look, Manifest, PluginDigest, PluginsDir, Prepare, PrepareError, Prepared, look,
};

use super::*;
use crate::config::{parse, render};

fn config(text: &str) -> Config {
    match parse(Path::new("pipefitter.toml"), text) {
        Ok(config) => config,
        Err(problems) => panic!("{}", render(&problems, false)),
    }
}

fn missing(text: &str) -> String {
    render(&missing_parts(&config(text)), false)
}

struct CompilesNothing;

impl Look for CompilesNothing {
    fn look(&self, _digest: &PluginDigest, wasm: &[u8]) -> Result<Vec<u8>, PrepareError> {
        Ok(look(wasm))
    }
}

impl Prepare for CompilesNothing {
    fn prepare(
        &self,
        _name: &str,
        digest: &PluginDigest,
        _wasm: &[u8],
        _seen: &[u8],
        _manifest: &Manifest,
    ) -> Result<Prepared, PrepareError> {
        Ok(Prepared {
            code_id: digest.to_string(),
            code_path: PathBuf::new(),
            compiled: false,
            command: false,
        })
    }
}

const QUERYABLE: &str = "queryable = true\nrequired = true\n";

/// Plugins that serve Build/NAME/1, each with one property.
fn catalogue(plugins: &[(&str, &str)]) -> Catalogue {
    let folder = tempfile::tempdir().unwrap();
    for (name, property) in plugins {
        let manifest = format!(
            "[action]\ncategory = \"Build\"\nprovider = \"{name}\"\nversion = \"1\"\n\
             [[property]]\nname = \"team\"\ntype = \"string\"\n{property}"
        );
        let path = |extension: &str| folder.path().join(format!("{name}.{extension}"));
        std::fs::write(path("action.toml"), manifest).unwrap();
        // The header of an empty component.
        std::fs::write(path("wasm"), b"\0asm\x0d\0\x01\0").unwrap();
    }
    let catalogue = PluginsDir::open(folder.path(), Arc::new(CompilesNothing))
        .unwrap()
        .scan();
    assert!(
        catalogue.problems().is_empty(),
        "{:?}",
        catalogue.problems()
    );
    catalogue.as_ref().clone()
}

#[test]
fn what_run_would_refuse_is_found_before() {
    insta::assert_snapshot!(missing(
        "state-dir = \"Cargo.toml\"\n\
         plugins-dir = \"src\"\n\
         [[source]]\nid = \"a\"\nregion = \"Frankfurt\"\nrole-arn = \"worker\"\n\
         [[source]]\nid = \"b\"\nregion = \"eu-central-1\"\nendpoint-url = \"localhost\"\n\
         [[source]]\nid = \"c\"\nregion = \"eu-central-1\"\nendpoint-url = \"http://[\"\n"
    ));
}

#[test]
fn what_is_not_there_has_its_place_in_what_should_hold_it() {
    insta::assert_snapshot!(missing(
        "# The worker of the docs team.\nplugins-dir = \"nowhere\"\n"
    ));
}

#[test]
fn a_whole_configuration_lacks_nothing() {
    let text = "state-dir = \"not-there-yet\"\nplugins-dir = \"src\"\n\
                [[source]]\nid = \"a\"\nregion = \"eu-central-1\"\n";
    assert_eq!(missing(text), "");
}

#[test]
fn an_endpoint_of_the_environment_is_not_looked_for_in_the_file() {
    let text = "state-dir = \"not-there-yet\"\nplugins-dir = \"src\"\n\
                [[source]]\nid = \"a\"\nregion = \"eu-central-1\"\n";
    let mut config = config(text);
    config.sources[0].endpoint_url = Some("localhost".to_owned());
    insta::assert_snapshot!(render(&missing_parts(&config), false));
}

#[test]
fn what_does_not_fit_the_plugins_has_its_line() {
    let config = config(
        "[worker.slots-per-action-type]\n\"Build/Nobody/1\" = 2\n\
         [worker.query-values]\n\"Build/Nobody/2\" = [\"x\"]\n\"Build/Plain/1\" = [\"x\"]\n\
         [plugins.nobody]\n[plugins.Plain.limits]\nwall = \"1m\"\n[plugins.other.grant]\nscratch = true\n",
    );
    let catalogue = catalogue(&[("Plain", ""), ("Asked", QUERYABLE)]);
    insta::assert_snapshot!(render(&against_plugins(&config, &catalogue), false));
}

#[test]
fn what_is_wrong_in_a_manifest_is_shown_with_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = "[action]\ncategory = \"Bild\"\nprovider = \"Site\"\nversion = \"1\"\n[limits]\nwal = \"1m\"\n";
    std::fs::write(folder.path().join("site.action.toml"), manifest).unwrap();
    std::fs::write(folder.path().join("site.wasm"), b"\0asm\x0d\0\x01\0").unwrap();
    let catalogue = PluginsDir::open(folder.path(), Arc::new(CompilesNothing))
        .unwrap()
        .scan();
    let problems: Vec<ConfigProblem> = catalogue.problems().iter().map(problem_of_plugin).collect();
    let shown = render(&problems, false);
    let shown = shown.replace(&folder.path().display().to_string(), "plugins");
    insta::assert_snapshot!(shown);
}

#[test]
fn values_are_asked_for_only_where_a_source_polls_by_value() {
    let partner = "[[source]]\nid = \"a\"\nregion = \"eu-west-1\"\nowner = \"ThirdParty\"\n\
                   client-tokens = { file = \"x\" }\n";
    let elsewhere = "[[source]]\nid = \"b\"\nregion = \"eu-west-1\"\n\
                     action-types = [\"Build/Plain/1\", \"Build/Nobody/1\"]\n";
    let everywhere = "[[source]]\nid = \"c\"\nregion = \"eu-west-1\"\n";
    let catalogue = catalogue(&[("Plain", ""), ("Asked", QUERYABLE)]);
    let told = |text: &str| render(&against_plugins(&config(text), &catalogue), false);
    assert_eq!(told(partner), "");
    let told_of_both = told(&format!("{partner}{elsewhere}"));
    assert!(told_of_both.contains("Build/Nobody/1"), "{told_of_both}");
    assert!(
        !told_of_both.contains("there are no values"),
        "{told_of_both}"
    );
    let told_of_all = told(&format!("{partner}{everywhere}"));
    assert!(told_of_all.contains("there are no values"), "{told_of_all}");
}

#[test]
fn a_stack_that_shared_isolation_does_not_have_is_told() {
    let catalogue = catalogue(&[("Plain", "")]);
    let told = |isolation: &str, stack: &str| {
        let text = format!(
            "[plugins.Plain]\nisolation = \"{isolation}\"\nlimits = {{ stack = \"{stack}\" }}\n"
        );
        render(&against_plugins(&config(&text), &catalogue), false)
    };
    assert_eq!(told("process", "2MiB"), "");
    assert_eq!(told("shared", "512KiB"), "");
    insta::assert_snapshot!(told("shared", "2MiB"));
}

#[test]
fn without_a_file_the_option_is_named() {
    let Ok(config) = crate::config::load_or_empty(None) else {
        panic!("nothing is wrong with nothing");
    };
    let catalogue = catalogue(&[("Asked", QUERYABLE)]);
    insta::assert_snapshot!(render(&against_plugins(&config, &catalogue), false));
}
