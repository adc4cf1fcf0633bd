//! Plugins of tests: a guest and a manifest made for the case at hand.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use crate::{binary, closed_to_others, fresh_copy};

/// What the probe understands, as action configuration: an action type has ten properties at most.
const PROBE_PROPERTIES: &[&str] = &[
    "do", "kind", "message", "hops", "text", "ms", "key", "var.out", "var.more",
];

/// What the plugin of the network understands.
const NET_PROPERTIES: &[&str] = &[
    "do", "url", "method", "size", "piece", "headers", "timeouts", "count",
];

/// A plugin to be written into a plugins folder.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// The name of the file, without `.wasm`.
    pub name: String,
    /// The component.
    pub wasm: PathBuf,
    /// CodePipeline's category.
    pub category: String,
    /// The action type's provider.
    pub provider: String,
    /// Least and most input artifacts.
    pub inputs: (u8, u8),
    /// Least and most output artifacts.
    pub outputs: (u8, u8),
    /// Names of optional properties of type string.
    pub properties: Vec<String>,
    /// `[[property]]` tables word for word, besides.
    pub more_properties: String,
    /// Lines of `[action]`.
    pub action: String,
    /// Lines of `[limits]`.
    pub limits: String,
    /// Lines of `[capabilities]`.
    pub capabilities: String,
    /// Whether outputs may be empty.
    pub allow_empty: bool,
}

impl Plugin {
    /// The probe, as Build/`provider`/1: it takes up to two inputs and makes up to two outputs.
    #[must_use]
    pub fn probe(provider: &str) -> Plugin {
        Plugin {
            name: "probe".to_owned(),
            wasm: binary::guest("probe"),
            category: "Build".to_owned(),
            provider: provider.to_owned(),
            inputs: (0, 2),
            outputs: (0, 2),
            properties: PROBE_PROPERTIES
                .iter()
                .map(|&name| name.to_owned())
                .collect(),
            more_properties:
                "[[property]]\nname = \"secret\"\ntype = \"string\"\nrequired = false\nsecret = \
                              true\n"
                    .to_owned(),
            action: String::new(),
            limits: "wall = \"60s\"\ncpu = \"20s\"\nmemory = \"64MiB\"\n".to_owned(),
            capabilities: String::new(),
            allow_empty: false,
        }
    }

    /// The one that makes requests, as `name` and Build/`name`/1, without inputs and outputs.
    #[must_use]
    pub fn net(name: &str) -> Plugin {
        Plugin {
            name: name.to_owned(),
            wasm: binary::guest("net"),
            properties: NET_PROPERTIES.iter().map(|&name| name.to_owned()).collect(),
            more_properties: String::new(),
            ..Plugin::probe(name)
        }
    }

    /// The probe that may be run again after a crash.
    #[must_use]
    pub fn retry_safe(mut self) -> Plugin {
        self.action.push_str("retry-safe = true\n");
        self
    }

    /// With access to the rig's granted folder.
    #[must_use]
    pub fn granted(mut self) -> Plugin {
        self.capabilities.push_str(
            "directories = [{ guest = \"/granted\", write = true, reason = \"markers\" }]\n",
        );
        self
    }

    /// Under another file name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Plugin {
        name.clone_into(&mut self.name);
        self
    }

    /// With limits in place of the usual.
    #[must_use]
    pub fn limited(mut self, limits: &str) -> Plugin {
        limits.clone_into(&mut self.limits);
        self
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> String {
        let mut text = format!(
            "[action]\ncategory = \"{}\"\nprovider = \"{}\"\nversion = \"1\"\n{}\n",
            self.category, self.provider, self.action
        );
        for name in &self.properties {
            // Writing to a String cannot fail, here and below.
            let _ = write!(
                text,
                "[[property]]\nname = \"{name}\"\ntype = \"string\"\nrequired = false\n"
            );
        }
        text.push_str(&self.more_properties);
        let _ = write!(
            text,
            "[inputs]\nmin = {}\nmax = {}\n[outputs]\nmin = {}\nmax = {}\nallow-empty = {}\n[limits]\n{}\
             [capabilities]\n{}",
            self.inputs.0,
            self.inputs.1,
            self.outputs.0,
            self.outputs.1,
            self.allow_empty,
            self.limits,
            self.capabilities
        );
        text
    }

    /// Write it into a folder as an operator would: the manifest first, the component by renaming.
    pub fn install(&self, folder: &Path) {
        let manifest = folder.join(format!("{}.action.toml", self.name));
        std::fs::write(&manifest, self.manifest()).expect("the plugins folder can be written");
        closed_to_others(&manifest);
        closed_to_others(folder);
        fresh_copy(&self.wasm, &folder.join(format!("{}.wasm", self.name)));
    }
}

/// The golden asynchronous component of a published version, as `twin-golden`.
pub fn install_golden_twin(version: &str, folder: &Path) {
    let kept = binary::root()
        .join("tests/golden")
        .join(version)
        .join("action-async");
    let packed = std::fs::File::open(kept.join("rust.wasm.gz")).expect("it is kept");
    let wasm = folder.join("twin-golden.wasm");
    let mut file = std::fs::File::create(&wasm).expect("the folder can be written");
    std::io::copy(&mut GzDecoder::new(packed), &mut file).expect("it can be unpacked");
    let manifest = folder.join("twin-golden.action.toml");
    std::fs::copy(kept.join("rust.toml"), &manifest).expect("its manifest is kept");
    for file in [&wasm, &manifest] {
        closed_to_others(file);
    }
    closed_to_others(folder);
}

/// A twin of tests/guests by its folder, such as `rust`, with the manifest that it is kept with.
pub fn install_twin(language: &str, folder: &Path) {
    let manifest = binary::root()
        .join("tests/guests")
        .join(language)
        .join("action.toml");
    let name = format!("twin-{language}");
    let beside = folder.join(format!("{name}.action.toml"));
    std::fs::copy(&manifest, &beside)
        .unwrap_or_else(|error| panic!("{}: {error}", manifest.display()));
    closed_to_others(&beside);
    closed_to_others(folder);
    fresh_copy(&binary::guest(&name), &folder.join(format!("{name}.wasm")));
}
