//! `[network]`: how plugins' requests get out of the machine.

use std::path::Path;

use pipefitter_egress::Proxy;
use pipefitter_plugins::toml_table::Table;

use super::grant::read_ranges;
use super::model::NetworkConfig;
use super::read::path;

pub(super) fn read(table: &Table<'_>, base: &Path) -> NetworkConfig {
    let ca_file = path(table, "ca-file", base);
    if let Some(file) = ca_file.as_ref().filter(|file| !file.is_file()) {
        table.problem(
            "ca-file",
            format!("{} is not a file", file.display()),
            "give a file of certificates in PEM form",
        );
    }
    let resolves = table.flag("proxy-resolves");
    let proxy = table
        .text("proxy")
        .and_then(|url| match Proxy::parse(&url) {
            Ok(proxy) => Some(proxy.resolving_names(resolves.unwrap_or(false))),
            Err(error) => {
                table.problem(
                    "proxy",
                    error.to_string(),
                    "write it as \"http://proxy.example.com:3128\"",
                );
                None
            }
        });
    if resolves.is_some() && table.text("proxy").is_none() {
        table.problem(
            "proxy-resolves",
            "`proxy-resolves` is of a proxy, and there is none",
            "add `proxy`, or take the line out",
        );
    }
    NetworkConfig {
        ca_file,
        proxy,
        refuse: read_ranges(table, "refuse"),
    }
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
