//! `[capabilities]`: what a plugin wants to touch.

use super::check;
use super::model::{Capabilities, DirectoryAsk, NetworkAsk, SecretAsk};
use super::read::LONGEST_DESCRIPTION;
use crate::toml_table::Table;

/// More of anything is a plugin that should ask for one that holds several.
const MOST: usize = 16;
const LONGEST_SECRET_NAME: usize = 64;

pub(crate) fn read(table: &Table<'_>) -> Capabilities {
    Capabilities {
        scratch: table.flag("scratch").unwrap_or(false),
        directories: directories(table),
        network: network(table),
        secrets: secrets(table),
    }
}

fn directories(table: &Table<'_>) -> Vec<DirectoryAsk> {
    asks(
        table,
        "directories",
        "guest",
        |table| {
            table.require("guest", "add it: the path that the plugin uses");
            let guest = check::guest_path(table, "guest");
            let write = table.flag("write").unwrap_or(false);
            let reason = reason(table);
            Some(DirectoryAsk {
                guest: guest?,
                write,
                reason,
            })
        },
        |ask| &ask.guest,
    )
}

fn network(table: &Table<'_>) -> Vec<NetworkAsk> {
    asks(
        table,
        "network",
        "to",
        |table| {
            table.require("to", "add it, such as `to = \"https://api.example.com\"`");
            let (to, reason) = (table.text("to"), reason(table));
            let optional = table.flag("optional").unwrap_or(false);
            let to = to?;
            // What a grant may look like is the host's to say; this is what no grant looks like.
            if !to.starts_with("https://") && !to.starts_with("http://") {
                table.problem(
                "to",
                format!("`{to}` is nothing that can be reached"),
                "write scheme and host, such as \"https://api.example.com\" or \"https://*.example.com\"",
            );
            }
            Some(NetworkAsk {
                to,
                optional,
                reason,
            })
        },
        |ask| &ask.to,
    )
}

fn secrets(table: &Table<'_>) -> Vec<SecretAsk> {
    asks(
        table,
        "secrets",
        "name",
        |table| {
            table.require("name", "add it: the name that the plugin asks for");
            let (name, reason) = (table.text("name"), reason(table));
            let optional = table.flag("optional").unwrap_or(false);
            let name = name?;
            let simple = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if name.is_empty() || name.len() > LONGEST_SECRET_NAME || !name.chars().all(simple) {
                table.problem(
                    "name",
                    format!("`{name}` is no name of a secret"),
                    "use up to 64 letters, digits, `-` and `_`",
                );
            }
            Some(SecretAsk {
                name,
                optional,
                reason,
            })
        },
        |ask| &ask.name,
    )
}

fn reason(table: &Table<'_>) -> Option<String> {
    check::text(table, "reason", LONGEST_DESCRIPTION)
}

/// A list of asks, each for something else.
fn asks<T>(
    table: &Table<'_>,
    key: &'static str,
    by: &'static str,
    mut read: impl FnMut(&Table<'_>) -> Option<T>,
    name: impl Fn(&T) -> &String,
) -> Vec<T> {
    let mut asks: Vec<T> = Vec::new();
    let mut count = 0;
    table.tables(key, |table| {
        count += 1;
        if count == MOST + 1 {
            table.problem(
                by,
                format!("more than {MOST} {key}"),
                "ask for one that holds several",
            );
        }
        let Some(ask) = read(table) else { return };
        if asks.iter().any(|other| name(other) == name(&ask)) {
            let twice = format!("`{}` is asked for twice", name(&ask));
            let remedy = "remove one, and set `write` on the other if one of them has it";
            table.problem(by, twice, remedy);
        }
        asks.push(ask);
    });
    asks
}
