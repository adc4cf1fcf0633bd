//! The toolchains that the set-up has brought, as `pipefitter plugin build` finds them: on PATH, with their caches under
//! `target/`. Tests that build plugins themselves read the same from `target/toolchains.env`.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{go, javascript, paths, python, zig};

/// Bring all of them, each once.
pub(crate) fn set_up() -> Result<()> {
    python::set_up()?;
    javascript::set_up()?;
    go::set_up()?;
    zig::set_up()?;
    write_down()
}

/// Variables that a program gets which builds plugins.
pub(crate) fn environment() -> Result<Vec<(&'static str, OsString)>> {
    // ziglang's python first: what asks for `python -m ziglang` takes the first `python` there is.
    let mut folders = vec![zig::bin(), python::bin(), javascript::bin(), go::bin()];
    let own = own_path();
    folders.extend(std::env::split_paths(&own));
    let path = std::env::join_paths(folders).context("a folder of PATH has a colon in its name")?;
    let cache = |name: &str| paths::target().join(name).into_os_string();
    let mut variables = vec![
        ("PATH", path),
        ("GOENV", "off".into()),
        ("GOTOOLCHAIN", "local".into()),
        ("GOPROXY", "off".into()),
        ("GOFLAGS", "".into()),
        ("GOCACHE", cache("go-cache")),
        ("GOPATH", cache("go-path")),
        ("PYTHONDONTWRITEBYTECODE", "1".into()),
    ];
    variables.extend(zig::caches());
    Ok(variables)
}

/// The product's own `plugin build`, with these toolchains.
pub(crate) fn plugin_build() -> Result<Command> {
    let mut command = Command::new(paths::binary());
    command
        .args(["plugin", "build"])
        .envs(environment()?)
        .env_remove("GOROOT");
    Ok(command)
}

/// Write them down for the tests: one `NAME=VALUE` on each line.
fn write_down() -> Result<()> {
    let mut text = String::new();
    for (name, value) in environment()? {
        let value = value.to_string_lossy();
        text.push_str(&format!("{name}={value}\n"));
    }
    std::fs::write(paths::target().join("toolchains.env"), text)
        .context("could not write down the toolchains")
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is started gets this machine's own programs, too"
)]
fn own_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}
