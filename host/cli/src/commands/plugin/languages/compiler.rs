//! A C and C++ compiler for WASI: wasi-sdk, clang with a distribution's libraries, or Zig's.
//!
//! What each of them can is found out by compiling a line: a clang is everywhere, one that has the libraries for wasm is not.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::project::Project;
use super::tools::{self, quoted};

/// One line that brings a compiler for all three languages.
pub(super) const INSTALL: &str = "python3 -m venv .venv && .venv/bin/pip install ziglang==0.16.0";

/// Zig's library changes with every version: the SDK for Zig is for this one.
const ZIG: &str = "0.16.";

/// Room for the buffers that people put on a stack, and little to clear for each job.
pub(super) const STACK: &str = "262144";

/// What is compiled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    C,
    Cpp,
}

impl Dialect {
    /// A line that takes what the SDK takes.
    fn probe(self) -> &'static str {
        match self {
            Dialect::C => "#include <stdio.h>\nint main(void) { return puts(\"\"); }\n",
            Dialect::Cpp => {
                "#include <expected>\n#include <format>\nint main() { return std::format(\"{}\", 1).size(); }\n"
            }
        }
    }

    fn language(self) -> &'static str {
        match self {
            Dialect::C => "c",
            Dialect::Cpp => "c++",
        }
    }
}

/// A compiler that was found.
pub(super) struct Compiler {
    /// Its program, with what comes before everything.
    start: Vec<OsString>,
    zig: bool,
    title: String,
}

impl Compiler {
    /// Find one: what the author has set up by hand first, then what comes with a system, then Zig.
    pub(super) fn look_up(dialect: Dialect, dir: &Path) -> Result<Compiler> {
        if let Some(sdk) = wasi_sdk() {
            return of_wasi_sdk(Path::new(&sdk));
        }
        if let Some(clang) = clang(dialect) {
            return Ok(clang);
        }
        if let Ok(zig) = Compiler::zig(dir) {
            return Ok(zig);
        }
        let packages = match dialect {
            Dialect::C => "",
            Dialect::Cpp => " libc++-19-dev-wasm32",
        };
        bail!(
            "no compiler for WASI is there: there is neither wasi-sdk at WASI_SDK_PATH, nor a clang with libraries for \
             wasm32-wasi (Debian: apt-get install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32{packages}), nor \
             Zig 0.16; install one from PyPI: (cd {} && {INSTALL})",
            quoted(dir)
        )
    }

    /// Find Zig 0.16: `zig`, or the package ziglang of a `python3`, in the plugin's folder or on the PATH.
    pub(super) fn zig(dir: &Path) -> Result<Compiler> {
        let mut other = None;
        for start in zigs(dir) {
            let Some(version) = first_line(&start, &["version"]) else {
                continue;
            };
            if version.starts_with(ZIG) {
                return Ok(Compiler {
                    start,
                    zig: true,
                    title: format!("Zig {version}"),
                });
            }
            other.get_or_insert(version);
        }
        let there = other.map_or_else(
            || "Zig is not there".to_owned(),
            |version| format!("Zig {version} is there, and the SDK is for 0.16"),
        );
        bail!(
            "{there}; install it from PyPI: (cd {} && {INSTALL})",
            quoted(dir)
        )
    }

    /// For a line of progress.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// The program with arguments to come, run in a folder.
    pub(super) fn command(&self, dir: &Path) -> Command {
        let mut command = start(&self.start);
        command.current_dir(dir);
        command
    }

    fn compiler(&self, dialect: Dialect, dir: &Path) -> Command {
        let mut command = self.command(dir);
        match (self.zig, dialect) {
            (true, Dialect::C) => command.args(["cc", "-target", "wasm32-wasi"]),
            (true, Dialect::Cpp) => command.args(["c++", "-target", "wasm32-wasi"]),
            (false, Dialect::C) => command.arg("--target=wasm32-wasi"),
            (false, Dialect::Cpp) => command.args([
                "--driver-mode=g++",
                "--target=wasm32-wasi",
                "-stdlib=libc++",
            ]),
        };
        command
    }

    /// Compile one source; returns the object.
    pub(super) fn compile(
        &self,
        project: &Project<'_>,
        dialect: Dialect,
        includes: &[PathBuf],
        source: &Path,
        object: PathBuf,
    ) -> Result<PathBuf> {
        let mut command = self.compiler(dialect, project.dir);
        match dialect {
            Dialect::C => command.arg("-std=gnu17"),
            // Zig's C++ library has pages of warnings of this kind.
            Dialect::Cpp => command.args([
                "-std=c++23",
                "-fno-exceptions",
                "-Wno-nullability-completeness",
            ]),
        };
        command
            .args(["-O2", "-Wall", "-Wextra", "-Dabort=pf_abort"])
            // Zig defines it for optimised code; a failed `assert` is to leave its line in the log.
            .arg("-UNDEBUG")
            .args(
                includes
                    .iter()
                    .flat_map(|include| ["-I".as_ref(), include.as_os_str()]),
            )
            .args(["-x", dialect.language(), "-c"])
            .arg(source)
            .arg("-o")
            .arg(&object);
        tools::run(command, &format!("compile {}", source.display()))?;
        Ok(object)
    }

    /// Link objects into a core module that names its world.
    pub(super) fn link(
        &self,
        project: &Project<'_>,
        dialect: Dialect,
        objects: &[PathBuf],
        core: &Path,
    ) -> Result<()> {
        let mut command = self.compiler(dialect, project.dir);
        command.args(["-O2", "-s", "-mexec-model=reactor"]);
        command.arg(format!("-Wl,-z,stack-size={STACK}"));
        if !self.zig {
            // Zig does so by itself: a stack that is full traps, and does not run into the data.
            command.arg("-Wl,--stack-first");
        }
        command.args(objects).arg("-o").arg(core);
        run_quietly(command, "link the plugin")
    }
}

/// Objects of the SDK for C, which all three languages stand on, and the section that names the world. `sdk` is its folder.
pub(super) fn sdk_objects(
    compiler: &Compiler,
    project: &Project<'_>,
    sdk: &Path,
) -> Result<Vec<PathBuf>> {
    let folder = objects_folder(project)?;
    let mut sources = sources_in(&sdk.join("src"), &["c"])?;
    sources.push(sdk.join("gen/pf_wire.c"));
    let includes = [sdk.join("include")];
    let mut objects = Vec::new();
    for source in sources {
        let name = source.file_stem().unwrap_or_default().to_string_lossy();
        let object = folder.join(format!("sdk-{name}.o"));
        objects.push(compiler.compile(project, Dialect::C, &includes, &source, object)?);
    }
    objects.push(sdk.join("gen/pf_wire_component_type.o"));
    Ok(objects)
}

/// Where objects go.
pub(super) fn objects_folder(project: &Project<'_>) -> Result<PathBuf> {
    let folder = project.work()?.join("objects");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("could not make {}", folder.display()))?;
    Ok(folder)
}

/// The SDK for C of the SDK for another language: one with its copy in a plugin, beside it in the repository.
pub(super) fn sdk_for_c(sdk: &Path) -> Result<PathBuf> {
    let places = [sdk.to_owned(), sdk.join("../c")];
    let found = places
        .into_iter()
        .find(|place| place.join("include/pipefitter.h").is_file());
    found.with_context(|| {
        format!(
            "{} lacks the SDK for C that it stands on: copy the SDK's folder from a new plugin (`pipefitter plugin new`)",
            sdk.display()
        )
    })
}

/// The sources in a folder, in order.
pub(super) fn sources_in(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let reading = || format!("could not read {}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(reading)? {
        let path = entry.with_context(reading)?.path();
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        if path.is_file() && endings.contains(&&*ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[expect(
    clippy::disallowed_methods,
    reason = "wasi-sdk's own setting, which no config of ours repeats"
)]
fn wasi_sdk() -> Option<OsString> {
    std::env::var_os("WASI_SDK_PATH").filter(|path| !path.is_empty())
}

fn of_wasi_sdk(sdk: &Path) -> Result<Compiler> {
    let clang = sdk.join("bin/clang");
    let start = vec![clang.clone().into_os_string()];
    let Some(version) = first_line(&start, &["--version"]) else {
        bail!(
            "WASI_SDK_PATH is {}, and {} does not run: correct the variable, or unset it",
            sdk.display(),
            clang.display()
        );
    };
    Ok(Compiler {
        start,
        zig: false,
        title: format!("wasi-sdk's {version}"),
    })
}

/// A clang whose probe links.
fn clang(dialect: Dialect) -> Option<Compiler> {
    // Before 19 clang's C++ library has no <expected>, and for wasm no <format>.
    let programs = ["clang-21", "clang-20", "clang-19", "clang"];
    programs.into_iter().find_map(|program| {
        let start = vec![OsString::from(program)];
        let version = first_line(&start, &["--version"])?;
        let compiler = Compiler {
            start,
            zig: false,
            title: version,
        };
        compiler.links(dialect).then_some(compiler)
    })
}

impl Compiler {
    fn links(&self, dialect: Dialect) -> bool {
        let mut command = self.compiler(dialect, Path::new("."));
        if dialect == Dialect::Cpp {
            command.args(["-std=c++23", "-fno-exceptions"]);
        }
        let started = command
            .args(["-x", dialect.language(), "-", "-o", "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = started else {
            return false;
        };
        if let Some(mut input) = child.stdin.take() {
            // One that does not read has ended, which its status tells.
            let _ended = input.write_all(dialect.probe().as_bytes());
        }
        child.wait().is_ok_and(|status| status.success())
    }
}

/// What may be Zig, nearest first.
fn zigs(dir: &Path) -> Vec<Vec<OsString>> {
    let mut found = Vec::new();
    for program in tools::all("zig", dir) {
        found.push(vec![program.into_os_string()]);
    }
    for python in ["python3", "python"] {
        for program in tools::all(python, dir) {
            found.push(vec![
                program.into_os_string(),
                "-m".into(),
                "ziglang".into(),
            ]);
        }
    }
    found
}

fn start(words: &[OsString]) -> Command {
    let mut words = words.iter();
    let mut command = Command::new(words.next().map_or("".as_ref(), OsString::as_os_str));
    command.args(words);
    command
}

fn first_line(program: &[OsString], args: &[&str]) -> Option<String> {
    let told = start(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    let line = text.lines().next().filter(|line| !line.is_empty())?;
    told.status.success().then(|| line.trim().to_owned())
}

/// Run a program, and show what it says only where it fails: Zig compiles its C++ library on the way, with pages of
/// warnings that are not the author's.
fn run_quietly(mut command: Command, what: &str) -> Result<()> {
    let program = tools::name_of(&command);
    let ended = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("could not start {program}"))?;
    if !ended.status.success() {
        tools::progress(String::from_utf8_lossy(&ended.stderr).trim_end());
        bail!(
            "{program} could not {what} ({}): its messages are above",
            ended.status
        );
    }
    Ok(())
}
