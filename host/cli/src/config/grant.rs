//! `[plugins.NAME.grant]`: what a plugin may touch.

use std::path::{Path, PathBuf};

use ipnet::IpNet;
use pipefitter_egress::{NetworkGrant, NetworkGrants, parse_range};
use pipefitter_plugins::toml_table::{Entry, Table};
use pipefitter_sandbox::DirectoryGrant;
use pipefitter_worker::AttachGrant;

use super::model::GrantConfig;
use super::read::path;

/// What paths are relative to, and what no plugin may be given.
pub(super) struct Folders<'a> {
    /// The configuration's own.
    pub(super) base: &'a Path,
    /// The worker's state: its journal has the nonces and tokens of jobs, and whoever writes to its code runs as the
    /// worker.
    pub(super) state: Option<PathBuf>,
    /// Plugins: whoever writes to it is served.
    pub(super) plugins: Option<PathBuf>,
}

impl Folders<'_> {
    /// Which of them a granted folder is in, or has in it.
    fn met_by(&self, granted: &Path, write: bool) -> Option<&'static str> {
        let granted = settled(granted);
        let meets = |own: &Option<PathBuf>| {
            let own = own.as_deref().map(settled);
            own.is_some_and(|own| own.starts_with(&granted) || granted.starts_with(&own))
        };
        match () {
            () if meets(&self.state) => Some("state-dir"),
            () if write && meets(&self.plugins) => Some("plugins-dir"),
            () => None,
        }
    }
}

/// A path without links, as far as it is there.
fn settled(path: &Path) -> PathBuf {
    let mut missing = Vec::new();
    let mut there = path;
    loop {
        if let Ok(found) = there.canonicalize() {
            return found.join(missing.iter().rev().collect::<PathBuf>());
        }
        match (there.parent(), there.file_name()) {
            (Some(parent), Some(name)) => {
                missing.push(name);
                there = if parent == Path::new("") {
                    Path::new(".")
                } else {
                    parent
                };
            }
            _ => return path.to_owned(),
        }
    }
}

pub(super) fn read(table: &Table<'_>, folders: &Folders<'_>) -> GrantConfig {
    let directories = table.tables("directories", |directory| {
        read_directory(directory, folders)
    });
    GrantConfig {
        scratch: table.flag("scratch").unwrap_or(false),
        directories: directories.into_iter().flatten().collect(),
        network: read_network(table),
        secrets: read_secrets(table),
        attach: table
            .tables("attach", read_attach)
            .into_iter()
            .flatten()
            .collect(),
    }
}

fn read_directory(table: &Table<'_>, folders: &Folders<'_>) -> Option<DirectoryGrant> {
    table.require("host", "add a line such as `host = \"/srv/www\"`");
    table.require("guest", "add a line such as `guest = \"/site\"`");
    let host = path(table, "host", folders.base);
    let guest = table.text("guest");
    let write = table.flag("write").unwrap_or(false);
    if let Some(host) = host.as_ref().filter(|host| !host.is_dir()) {
        table.problem(
            "host",
            format!("{} is not a folder", host.display()),
            "make it first: a grant never creates what it grants",
        );
    }
    let own = host.as_ref().and_then(|host| folders.met_by(host, write));
    if let (Some(host), Some(own)) = (&host, own) {
        table.problem(
            "host",
            format!("{} is, holds or lies in the worker's own `{own}`", host.display()),
            "grant a folder apart from it: a plugin that reaches it could read jobs of others or become the worker",
        );
    }
    if let Some(guest) = guest.as_ref().filter(|guest| !guest.starts_with('/')) {
        table.problem(
            "guest",
            format!("the guest's path `{guest}` is not absolute"),
            format!("write it as `/{guest}`"),
        );
    }
    Some(DirectoryGrant {
        host: host?,
        guest: guest?,
        write,
    })
}

/// `network = ["https://api.example.com", { to = "https://db.internal", ranges = ["10.0.0.0/8"] }]`.
fn read_network(table: &Table<'_>) -> NetworkGrants {
    let Some(entry) = table.get("network") else {
        return NetworkGrants::default();
    };
    let Some(items) = entry.items() else {
        entry.problem(
            "`network` is not a list",
            "write a list in brackets, such as [\"https://api.example.com\"]",
        );
        return NetworkGrants::default();
    };
    // All of them are read, so that all faults are told.
    let grants: Vec<Option<NetworkGrant>> = items.iter().map(read_reachable).collect();
    grants.into_iter().flatten().collect()
}

fn read_reachable(entry: &Entry<'_>) -> Option<NetworkGrant> {
    if !entry.is_table() {
        return parsed(entry, entry.text()?);
    }
    entry.table(|table| {
        table.require("to", "add it, such as `to = \"https://api.example.com\"`");
        let to = table.get("to")?;
        let grant = parsed(&to, to.text()?)?;
        Some(grant.with_ranges(read_ranges(table, "ranges")))
    })?
}

fn parsed(entry: &Entry<'_>, text: &str) -> Option<NetworkGrant> {
    match NetworkGrant::parse(text) {
        Ok(grant) => Some(grant),
        Err(error) => {
            entry.problem(
                error.to_string(),
                "write scheme, host and, if it is another than the scheme's, port: \"https://api.example.com:8443\"",
            );
            None
        }
    }
}

/// A list of ranges of addresses.
pub(super) fn read_ranges(table: &Table<'_>, key: &'static str) -> Vec<IpNet> {
    let Some(entry) = table.get(key) else {
        return Vec::new();
    };
    let Some(texts) = entry.texts() else {
        return Vec::new();
    };
    let parse = |text: &str| match parse_range(text) {
        Ok(range) => Some(range),
        Err(error) => {
            entry.problem(
                error.to_string(),
                "write it as \"10.1.0.0/16\" or \"fd00::/8\"",
            );
            None
        }
    };
    texts.into_iter().filter_map(parse).collect()
}

/// `secrets = ["name"]`.
fn read_secrets(table: &Table<'_>) -> Vec<String> {
    let names = table.get("secrets").and_then(|entry| entry.texts());
    names
        .unwrap_or_default()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

/// `attach = [{ secret = "name", header = "Authorization", prefix = "Bearer ", to = "https://api.example.com" }]`.
fn read_attach(table: &Table<'_>) -> Option<AttachGrant> {
    table.require("secret", "add the name of a secret");
    table.require("header", "add it, such as `header = \"Authorization\"`");
    table.require(
        "to",
        "add which requests get it, such as `to = \"https://api.example.com\"`",
    );
    let to = table.get("to")?;
    Some(AttachGrant {
        secret: table.text("secret")?,
        header: table.text("header")?,
        prefix: table.text("prefix").unwrap_or_default(),
        to: parsed(&to, to.text()?)?,
    })
}
