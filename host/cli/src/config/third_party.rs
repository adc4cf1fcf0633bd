//! The file that `dev --third-party` reads: action types of partners for the embedded service, and who is
//! connected to them.
//!
//! ```toml
//! job-ids = "uuid"                 # or "free-text"
//!
//! [[action-type]]
//! category = "Deploy"
//! provider = "Partner"
//! version = "1"
//! description = "Deploys with Partner"
//! job-timeout = "1h"               # of one job; none by default
//! inputs = { min = 1, max = 1 }
//! outputs = { min = 0, max = 0 }
//! urls = { entity = "https://partner.example/{Config:project}" }
//!
//! [[action-type.property]]
//! name = "project"
//! required = true
//!
//! [[action-type.client]]           # one for each customer who is connected
//! id = "5f1bd11c-6b0d-4a4c-bd09-1f1b9e2d7a53"
//! token = "what only the customer and the partner know"
//! pipelines = ["site"]             # left out: every pipeline that no other client names
//! ```
//!
//! What it must satisfy is `pipefitter_local`'s to say; this gives each fault its place.

use std::path::Path;

use pipefitter_local::{
    ArtifactCounts, JobIds, ThirdParty, ThirdPartyActionType, ThirdPartyClient, ThirdPartyProperty,
    ThirdPartyUrls,
};
use pipefitter_plugins::toml_table::{self, Table};

use super::places::Places;
use super::problem::{ConfigProblem, Place};

/// Read a file. Every problem of its form is returned, or else every one of its values.
pub(crate) fn load_third_party(file: &Path) -> Result<ThirdParty, Vec<ConfigProblem>> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        vec![ConfigProblem {
            place: Place::File(file.into()),
            message: format!("cannot be read: {error}"),
            remedy: "give the path of a file of third-party action types with --third-party"
                .to_owned(),
            warning: false,
        }]
    })?;
    parse(file, &text)
}

fn parse(file: &Path, text: &str) -> Result<ThirdParty, Vec<ConfigProblem>> {
    let places = Places::of(file, without_tokens(text).into());
    let problem = |place, message, remedy| ConfigProblem {
        place,
        message,
        remedy,
        warning: false,
    };
    let third_party = toml_table::read(text, |root| Some(read(root))).map_err(|problems| {
        let placed = |found: toml_table::TableProblem| {
            problem(places.at(found.span), found.message, found.remedy)
        };
        problems.into_iter().map(placed).collect::<Vec<_>>()
    })?;
    let faults: Vec<ConfigProblem> = third_party
        .faults()
        .into_iter()
        .map(|fault| problem(places.value(&fault.path), fault.message, fault.remedy))
        .collect();
    if faults.is_empty() {
        Ok(third_party)
    } else {
        Err(faults)
    }
}

/// The text as problems show it: of the same length, with asterisks for tokens.
fn without_tokens(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("token") {
        let value = rest[at + "token".len()..].trim_start_matches(['"', '\'', ' ', '\t']);
        let value = value.strip_prefix('=').map(str::trim_start);
        let quote = value.and_then(|value| {
            ["\"\"\"", "\'\'\'", "\"", "\'"]
                .into_iter()
                .find(|quote| value.starts_with(quote))
        });
        let start = match (value, quote) {
            (Some(value), Some(quote)) => rest.len() - value.len() + quote.len(),
            _ => at + "token".len(),
        };
        let end = quote.map_or(start, |quote| {
            rest[start..]
                .find(quote)
                .map_or(rest.len(), |length| start + length)
        });
        shown.push_str(&rest[..start]);
        shown.extend(
            rest[start..end]
                .bytes()
                .map(|byte| if byte == b'\n' { '\n' } else { '*' }),
        );
        rest = &rest[end..];
    }
    shown + rest
}

fn read(root: &Table<'_>) -> ThirdParty {
    let job_ids = root.choice(
        "job-ids",
        &[("uuid", JobIds::Uuid), ("free-text", JobIds::FreeText)],
    );
    ThirdParty {
        action_types: root.tables("action-type", read_action_type),
        job_ids: job_ids.unwrap_or_default(),
    }
}

fn read_action_type(table: &Table<'_>) -> ThirdPartyActionType {
    for (key, example) in [
        ("category", "Deploy"),
        ("provider", "Partner"),
        ("version", "1"),
    ] {
        table.require(key, format!("add a line such as `{key} = \"{example}\"`"));
    }
    ThirdPartyActionType {
        category: table.text("category").unwrap_or_default(),
        provider: table.text("provider").unwrap_or_default(),
        version: table.text("version").unwrap_or_default(),
        description: table.text("description"),
        job_timeout: table.duration("job-timeout"),
        inputs: table.table("inputs", read_counts).unwrap_or_default(),
        outputs: table.table("outputs", read_counts).unwrap_or_default(),
        urls: table.table("urls", read_urls).unwrap_or_default(),
        properties: table.tables("property", read_property),
        clients: table.tables("client", read_client),
    }
}

fn read_counts(table: &Table<'_>) -> ArtifactCounts {
    table.require("max", "add it, such as `max = 1`");
    ArtifactCounts {
        minimum: table.count("min", 0..=10).unwrap_or_default(),
        maximum: table.count("max", 0..=10).unwrap_or_default(),
    }
}

fn read_urls(table: &Table<'_>) -> ThirdPartyUrls {
    ThirdPartyUrls {
        configuration: table.text("configuration"),
        entity: table.text("entity"),
        execution: table.text("execution"),
        revision: table.text("revision"),
    }
}

fn read_property(table: &Table<'_>) -> ThirdPartyProperty {
    table.require("name", "add it: pipelines set the property by it");
    let flag = |key| table.flag(key).unwrap_or_default();
    ThirdPartyProperty {
        name: table.text("name").unwrap_or_default(),
        required: flag("required"),
        key: flag("key"),
        secret: flag("secret"),
        queryable: flag("queryable"),
        description: table.text("description"),
    }
}

fn read_client(table: &Table<'_>) -> ThirdPartyClient {
    table.require("id", "add the client id, a UUID: `uuidgen` makes one");
    table.require("token", "add the client token that workers must show");
    let pipelines = table.get("pipelines").and_then(|entry| {
        let pipelines = entry.texts()?;
        if pipelines.is_empty() {
            entry.problem(
                "the client has no pipeline",
                "name one, or take the line out: the client is then for every other pipeline",
            );
        }
        Some(pipelines)
    });
    ThirdPartyClient {
        id: table.text("id").unwrap_or_default(),
        token: table.text("token").unwrap_or_default().into(),
        pipelines: pipelines
            .unwrap_or_default()
            .into_iter()
            .map(str::to_owned)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::render;

    const WHOLE: &str = r#"
job-ids = "free-text"

[[action-type]]
category = "Deploy"
provider = "Partner"
version = "1"
description = "Deploys with Partner"
job-timeout = "1h"
inputs = { min = 1, max = 1 }
outputs = { max = 2 }
urls = { entity = "https://partner.example/{Config:project}" }

[[action-type.property]]
name = "project"
required = true

[[action-type.property]]
name = "key"
secret = true

[[action-type.client]]
id = "5f1bd11c-6b0d-4a4c-bd09-1f1b9e2d7a53"
token = "hunter2"
pipelines = ["site"]

[[action-type.client]]
id = "a3c1bb5e-92f9-4a86-9a3f-0c7b8c3f5f10"
token = "hunter3"

[[action-type]]
category = "Test"
provider = "Partner"
version = "1"
"#;

    fn problems_of(text: &str) -> String {
        match parse(Path::new("partners.toml"), text) {
            Ok(_) => "no problems".to_owned(),
            Err(problems) => render(&problems, false),
        }
    }

    #[test]
    fn a_whole_file_is_read() {
        let read = parse(Path::new("partners.toml"), WHOLE).unwrap();
        insta::assert_snapshot!(format!("{read:#?}"));
    }

    #[test]
    fn what_is_missing_or_unknown_is_told_with_its_line() {
        insta::assert_snapshot!(problems_of(
            "job-id = \"uuid\"\n[[action-type]]\ncategory = \"Deploy\"\nprovider = 1\njob-timeout = 5\n\
             inputs = { min = 1 }\n[[action-type.client]]\nid = \"x\"\npipelines = []\nsecret = \"x\"\n"
        ));
    }

    #[test]
    fn tokens_are_not_shown_however_they_are_written() {
        for text in [
            "token = \"hunter2\"\nid = 1",
            "client = [{ id = 'x', token='hunter2', pipelines = [] }]",
            "\"token\" = \"\"\"hunter2\nhunter2\"\"\" # the token",
            "token = \"hunter2",
            "my-tokens = 1\ntoken = 'hunter2é'",
        ] {
            let shown = without_tokens(text);
            assert_eq!(shown.len(), text.len());
            assert_eq!(shown.lines().count(), text.lines().count());
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert_eq!(without_tokens("a token of mine = 1"), "a token of mine = 1");
    }

    #[test]
    fn what_breaks_the_model_is_told_with_its_line() {
        let changed = WHOLE
            .replace("job-timeout = \"1h\"", "job-timeout = \"59s\"")
            .replace("5f1bd11c", "5F1BD11C")
            .replace("{Config:project}", "{Config:projekt}")
            .replace("category = \"Test\"", "category = \"Deploy\"");
        let told = problems_of(&changed);
        assert!(!told.contains("hunter2"), "{told}");
        insta::assert_snapshot!(told);
    }
}
