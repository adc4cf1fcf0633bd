//! What came of each case in each language, and what it cost.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pipefitter_tests::binary;
use serde_json::{Value, json};

use crate::guests::Guest;

pub(crate) struct Matrix {
    guests: Vec<Guest>,
    /// By language and case: what was wrong, if anything was.
    results: BTreeMap<(String, String), Option<String>>,
    measured: BTreeMap<String, Value>,
}

impl Matrix {
    pub(crate) fn new(guests: Vec<Guest>) -> Matrix {
        Matrix {
            guests,
            results: BTreeMap::new(),
            measured: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, language: &str, case: &str, failed: Option<String>) {
        // Of three hundred rows those that went well would hide the others.
        if failed.is_some() {
            println!("{case} in {language}: FAILED");
        }
        self.results
            .insert((language.to_owned(), case.to_owned()), failed);
    }

    pub(crate) fn failures(&self) -> BTreeMap<&(String, String), &String> {
        self.results
            .iter()
            .filter_map(|(key, failed)| Some((key, failed.as_ref()?)))
            .collect()
    }

    /// Every failure, whole.
    pub(crate) fn told(&self) -> String {
        let mut text = String::new();
        for ((language, case), failed) in self.failures() {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n--- {case} in {language}: {failed}\n");
        }
        text
    }

    /// Sizes, and what the worker's own log says of compiling and of each job.
    pub(crate) fn measured(&mut self, said: &str) {
        let lines: Vec<Value> = said
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let of = |message: &str, plugin: &str| -> Vec<Value> {
            let is = |line: &&Value| {
                line["fields"]["message"] == message && line["fields"]["plugin"] == plugin
            };
            lines
                .iter()
                .filter(is)
                .map(|line| line["fields"].clone())
                .collect()
        };
        for guest in &self.guests {
            let compiled = of("plugin was compiled", &guest.name);
            let found = of("compiled code was found and checked", &guest.name);
            let ran = of("a plugin ran", &guest.name);
            let walls: Vec<u64> = ran
                .iter()
                .filter_map(|run| run["wall_ms"].as_u64())
                .collect();
            let peaks = ran.iter().filter_map(|run| run["memory_peak"].as_u64());
            let mut warm: Vec<u64> = walls.iter().skip(1).copied().collect();
            warm.sort_unstable();
            let size = std::fs::metadata(&guest.wasm).unwrap().len();
            self.measured.insert(
                guest.name.clone(),
                json!({
                    "size": size,
                    "compile_ms": compiled.first().map(|line| line["ms"].clone()),
                    "load_us": found.first().map(|line| line["micros"].clone()),
                    "first_ms": walls.first(),
                    "warm_ms": warm.get(warm.len() / 2),
                    "memory_peak": peaks.min(),
                }),
            );
        }
    }

    /// For `cargo xtask conformance`.
    pub(crate) fn write(&self) {
        let results: Vec<Value> = self
            .results
            .iter()
            .map(|((language, case), failed)| json!({ "language": language, "case": case, "passed": failed.is_none() }))
            .collect();
        let whole = json!({ "results": results, "measured": self.measured });
        let path = binary::target().join("conformance.json");
        std::fs::write(&path, format!("{whole:#}\n")).unwrap();
    }
}
