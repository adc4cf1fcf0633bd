//! `[network]`: how plugins' requests get out of the machine.

use std::path::Path;

use pipefitter_egress::Proxy;
use pipefitter_plugins::toml_table::Table;

use super::grant::read_ranges;
use super::model::{NetworkConfig, ProxyLogin};
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
    let proxy_login = read_login(table);
    NetworkConfig {
        ca_file,
        proxy,
        proxy_login,
        refuse: read_ranges(table, "refuse"),
    }
}

/// Apart from the address, and the password by the name of a secret, so that neither file nor message holds it.
fn read_login(table: &Table<'_>) -> Option<ProxyLogin> {
    let user = table.text("proxy-user");
    let password = table.text("proxy-password");
    let given = if user.is_some() {
        "proxy-user"
    } else {
        "proxy-password"
    };
    if (user.is_some() || password.is_some()) && table.text("proxy").is_none() {
        table.problem(
            given,
            format!("`{given}` is of a proxy, and there is none"),
            "add `proxy`, or take the line out",
        );
    }
    match (user, password) {
        (Some(user), Some(password)) => Some(ProxyLogin { user, password }),
        (None, None) => None,
        (Some(_), None) => {
            table.problem(
                given,
                "`proxy-user` has no `proxy-password`",
                "add the name of a secret, such as `proxy-password = \"proxy\"`, and [secrets.proxy]",
            );
            None
        }
        (None, Some(_)) => {
            table.problem(
                given,
                "`proxy-password` has no `proxy-user`",
                "add the user's name, such as `proxy-user = \"worker\"`",
            );
            None
        }
    }
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
