//! Reading one TOML table: typed getters that note a problem and go on, and unknown keys at the end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pipefitter_plugins::units::{parse_duration, parse_size};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::ConfigProblem;

/// Where problems gather while a file is read.
pub(crate) struct Problems {
    file: PathBuf,
    text: Arc<str>,
    found: RefCell<Vec<ConfigProblem>>,
}

impl Problems {
    pub(crate) fn new(file: &Path, text: &str) -> Self {
        Self {
            file: file.to_path_buf(),
            text: text.into(),
            found: RefCell::default(),
        }
    }

    pub(crate) fn add(&self, span: Range<usize>, message: String, remedy: impl Into<String>) {
        self.found.borrow_mut().push(ConfigProblem {
            file: self.file.clone(),
            place: Some((self.text.clone(), span)),
            message,
            remedy: remedy.into(),
            warning: false,
        });
    }

    /// In the order of the file.
    pub(crate) fn into_sorted(self) -> Vec<ConfigProblem> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|problem| problem.place.as_ref().map(|(_, span)| span.start));
        found
    }
}

/// One table, and which of its keys have been asked for.
pub(crate) struct Section<'t, 'p> {
    problems: &'p Problems,
    table: &'t DeTable<'t>,
    span: Range<usize>,
    path: String,
    asked: RefCell<Vec<&'static str>>,
}

impl<'t, 'p> Section<'t, 'p> {
    pub(crate) fn new(
        problems: &'p Problems,
        table: &'t DeTable<'t>,
        span: Range<usize>,
        path: String,
    ) -> Self {
        Self {
            problems,
            table,
            span,
            path,
            asked: RefCell::default(),
        }
    }

    fn get(&self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&key) {
            asked.push(key);
        }
        self.table.get(key)
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Note a problem at a key's value, or at the section where the key is missing.
    pub(crate) fn problem(&self, key: &str, message: String, remedy: impl Into<String>) {
        let span = self.table.get(key).map_or(self.span.clone(), Spanned::span);
        self.problems.add(span, message, remedy);
    }

    fn wrong_type(&self, key: &str, value: &DeValue<'_>, wanted: &str) {
        self.problem(
            key,
            format!("`{}` is {}, not {wanted}", self.name(key), kind_of(value)),
            format!("give {wanted}"),
        );
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<String> {
        let value = self.get(key)?.get_ref();
        match value {
            DeValue::String(text) if text.trim().is_empty() => {
                self.problem(
                    key,
                    format!("`{}` is empty", self.name(key)),
                    "give a value, or take the line out",
                );
                None
            }
            DeValue::String(text) => Some(text.to_string()),
            other => {
                self.wrong_type(key, other, "text in quotes");
                None
            }
        }
    }

    /// A text that must be there.
    pub(crate) fn required(&self, key: &'static str, example: &str) -> Option<String> {
        let text = self.text(key);
        if !self.table.contains_key(key) {
            self.problem(
                key,
                format!("`{}` is missing", self.name(key)),
                format!("add a line such as `{key} = \"{example}\"`"),
            );
        }
        text
    }

    /// A path; a relative one is below `base`, the configuration's own folder.
    pub(crate) fn path(&self, key: &'static str, base: &Path) -> Option<PathBuf> {
        self.text(key).map(|text| base.join(text))
    }

    pub(crate) fn flag(&self, key: &'static str) -> Option<bool> {
        match self.get(key)?.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            other => {
                self.wrong_type(key, other, "true or false");
                None
            }
        }
    }

    /// A whole number within a range.
    pub(crate) fn count(
        &self,
        key: &'static str,
        range: std::ops::RangeInclusive<u64>,
    ) -> Option<u64> {
        let value = self.get(key)?.get_ref();
        let DeValue::Integer(number) = value else {
            self.wrong_type(key, value, "a whole number");
            return None;
        };
        let parsed = u64::from_str_radix(number.as_str(), number.radix()).ok();
        match parsed.filter(|count| range.contains(count)) {
            Some(count) => Some(count),
            None => {
                self.problem(
                    key,
                    format!("`{}` is {number}", self.name(key)),
                    format!("give a number from {} to {}", range.start(), range.end()),
                );
                None
            }
        }
    }

    pub(crate) fn duration(&self, key: &'static str) -> Option<Duration> {
        self.measured(key, "a duration in quotes, such as \"30s\"", |text| {
            parse_duration(text).map_err(|error| error.to_string())
        })
    }

    pub(crate) fn size(&self, key: &'static str) -> Option<u64> {
        self.measured(key, "a size in quotes, such as \"256MiB\"", |text| {
            parse_size(text).map_err(|error| error.to_string())
        })
    }

    fn measured<T>(
        &self,
        key: &'static str,
        wanted: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.get(key)?.get_ref();
        let DeValue::String(text) = value else {
            self.wrong_type(key, value, wanted);
            return None;
        };
        match parse(text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(
                    key,
                    format!("`{}`: {error}", self.name(key)),
                    format!("give {wanted}"),
                );
                None
            }
        }
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let known: Vec<String> = words
            .iter()
            .map(|(word, _)| format!("\"{word}\""))
            .collect();
        self.problem(
            key,
            format!("`{}` is \"{text}\"", self.name(key)),
            format!("give one of {}", known.join(", ")),
        );
        None
    }

    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'t, 'p>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(Section::new(
                self.problems,
                table,
                value.span(),
                self.name(key),
            )),
            other => {
                self.wrong_type(key, other, "a table");
                None
            }
        }
    }

    /// `[[key]]`, or a list of inline tables.
    pub(crate) fn sections(&self, key: &'static str) -> Vec<Section<'t, 'p>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, value.get_ref(), "a list of tables");
            return Vec::new();
        };
        items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| match item.get_ref() {
                DeValue::Table(table) => {
                    let path = format!("{}[{at}]", self.name(key));
                    Some(Section::new(self.problems, table, item.span(), path))
                }
                other => {
                    self.wrong_type(key, other, "a list of tables");
                    None
                }
            })
            .collect()
    }

    /// A table whose keys are the user's own names.
    pub(crate) fn named_sections(&self, key: &'static str) -> BTreeMap<String, Section<'t, 'p>> {
        self.entries(key, "a table", |name, value, span| match value {
            DeValue::Table(table) => {
                let path = format!("{}.{name}", self.name(key));
                Some(Section::new(self.problems, table, span, path))
            }
            _ => None,
        })
    }

    /// A table from the user's own names to whole numbers from 1.
    pub(crate) fn named_counts(&self, key: &'static str) -> BTreeMap<String, u64> {
        self.entries(key, "a whole number from 1", |_, value, _| match value {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .filter(|n| *n > 0),
            _ => None,
        })
    }

    /// A table from the user's own names to lists of texts.
    pub(crate) fn named_lists(&self, key: &'static str) -> BTreeMap<String, Vec<String>> {
        self.entries(key, "a list of texts", |_, value, _| match value {
            DeValue::Array(items) => items
                .iter()
                .map(|item| item.get_ref().as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>(),
            _ => None,
        })
    }

    fn entries<T>(
        &self,
        key: &'static str,
        wanted: &str,
        read: impl Fn(&str, &'t DeValue<'t>, Range<usize>) -> Option<T>,
    ) -> BTreeMap<String, T> {
        let Some(value) = self.get(key) else {
            return BTreeMap::new();
        };
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_type(key, value.get_ref(), "a table");
            return BTreeMap::new();
        };
        let mut found = BTreeMap::new();
        for (name, value) in table {
            let name = name.get_ref().to_string();
            match read(&name, value.get_ref(), value.span()) {
                Some(entry) => {
                    found.insert(name, entry);
                }
                None => self.problems.add(
                    value.span(),
                    format!("`{}.{name}` is not {wanted}", self.name(key)),
                    format!("give {wanted}"),
                ),
            }
        }
        found
    }

    /// Every key that nobody asked for is unknown.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if asked.contains(&name) {
                continue;
            }
            let near = asked
                .iter()
                .map(|known| (strsim::jaro_winkler(known, name), known))
                .filter(|(likeness, _)| *likeness > 0.8)
                .max_by(|a, b| a.0.total_cmp(&b.0));
            let remedy = match near {
                Some((_, known)) => format!("did you mean `{known}`?"),
                None => format!("known here: {}", asked.join(", ")),
            };
            self.problems.add(
                key.span(),
                format!("unknown key `{}`", self.name(name)),
                remedy,
            );
        }
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
