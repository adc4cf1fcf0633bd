//! Where each key of the file stands, for faults that show only in its values.
//!
//! What is wrong with a text's form is told while it is read, at the place it is read from. What is wrong with
//! values (a Region that is none, an action type that no plugin serves) is found by code that has no text: it
//! asks here for the place of a key by its path. So values stay plain, and a new key has its place without a
//! line of code.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Place;

/// The places of a file's keys; without a file, nowhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    file: Option<Arc<Path>>,
    text: Arc<str>,
    spans: BTreeMap<Vec<String>, Spans>,
}

#[derive(Clone, Debug)]
struct Spans {
    key: Range<usize>,
    /// Of a table, its header.
    value: Range<usize>,
}

impl Places {
    /// Of a text that `file` holds. Of one that is not TOML, what can be made out.
    pub(crate) fn of(file: &Path, text: Arc<str>) -> Places {
        let (tree, _) = DeTable::parse_recoverable(&text);
        let mut spans = BTreeMap::new();
        walk(tree.get_ref(), &mut Vec::new(), &mut spans);
        Places {
            file: Some(file.into()),
            text: Arc::clone(&text),
            spans,
        }
    }

    /// The file, as the user named it.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Whether the file says something there. Items of lists are called by their position, from 0.
    pub(crate) fn has<S: AsRef<str>>(&self, path: &[S]) -> bool {
        self.spans.contains_key(&owned(path))
    }

    /// The value at a path; what is not there has its place at the innermost table around it that is, or at
    /// the file's first line.
    pub(crate) fn value<S: AsRef<str>>(&self, path: &[S]) -> Place {
        self.place(path, |spans| &spans.value)
    }

    /// The key at a path, for what is wrong with a name; else as [`value`](Places::value).
    pub(crate) fn key<S: AsRef<str>>(&self, path: &[S]) -> Place {
        self.place(path, |spans| &spans.key)
    }

    fn place<S: AsRef<str>>(&self, path: &[S], which: fn(&Spans) -> &Range<usize>) -> Place {
        let mut path = owned(path);
        let mut span = self.spans.get(&path).map(which);
        while span.is_none() && path.pop().is_some() {
            span = self.spans.get(&path).map(|around| &around.value);
        }
        self.at(span.cloned().unwrap_or(0..0))
    }

    /// These bytes.
    pub(crate) fn at(&self, span: Range<usize>) -> Place {
        match &self.file {
            Some(file) => Place::Text {
                file: Arc::clone(file),
                text: Arc::clone(&self.text),
                span: self.within(span),
            },
            None => Place::Nowhere,
        }
    }

    /// Spans of a text that is not TOML can end inside a character.
    fn within(&self, span: Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(span.start);
        start..self.text.ceil_char_boundary(span.end).max(start)
    }
}

fn owned<S: AsRef<str>>(path: &[S]) -> Vec<String> {
    path.iter().map(|part| part.as_ref().to_owned()).collect()
}

fn walk(table: &DeTable<'_>, path: &mut Vec<String>, spans: &mut BTreeMap<Vec<String>, Spans>) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        note(key.span(), value, path, spans);
        path.pop();
    }
}

fn note(
    key: Range<usize>,
    value: &Spanned<DeValue<'_>>,
    path: &mut Vec<String>,
    spans: &mut BTreeMap<Vec<String>, Spans>,
) {
    let place = Spans {
        key,
        value: value.span(),
    };
    spans.insert(path.clone(), place);
    match value.get_ref() {
        DeValue::Table(table) => walk(table, path, spans),
        DeValue::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                path.push(at.to_string());
                note(item.span(), item, path, spans);
                path.pop();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "a = 'b' # ä\n[one.two]\n'x/y' = ['p', 'q']\n[[item]]\nid = 1\n[[item]]\nd.e = 2\n";

    fn shown(place: Place) -> String {
        match place {
            Place::Text { text, span, .. } => text[span].to_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_place_is_the_keys_own_or_that_of_what_holds_it() {
        let places = Places::of(Path::new("x.toml"), TEXT.into());
        let value = |path: &[&str]| shown(places.value(path));
        assert_eq!(value(&["a"]), "'b'");
        assert_eq!(shown(places.key(&["a"])), "a");
        assert_eq!(value(&["one", "two"]), "[one.two]");
        assert_eq!(value(&["one", "two", "missing"]), "[one.two]");
        assert_eq!(shown(places.key(&["one", "two", "missing"])), "[one.two]");
        assert_eq!(shown(places.key(&["one", "two", "x/y"])), "'x/y'");
        assert_eq!(value(&["one", "two", "x/y", "1"]), "'q'");
        assert_eq!(value(&["item", "0", "region"]), "[[item]]");
        assert_eq!(value(&["item", "1", "d", "e"]), "2");
        assert_eq!(value(&["missing", "too"]), "");
        assert!(places.has(&["item", "0", "id"]) && !places.has(&["item", "1", "id"]));
    }

    #[test]
    fn the_second_of_two_tables_has_a_place_of_its_own() {
        let places = Places::of(Path::new("x.toml"), TEXT.into());
        let Place::Text { span, .. } = places.value(&["item", "1", "missing"]) else {
            panic!("it has a place");
        };
        assert_eq!(span.start, TEXT.rfind("[[item]]").unwrap());
    }

    #[test]
    fn what_is_not_toml_has_places_that_can_be_shown() {
        for text in [
            "",
            "é = {",
            "[a\nb = 'ä",
            "[[item]]\nx = ['é'",
            "a = 1\na = 2\n",
        ] {
            let places = Places::of(Path::new("x.toml"), text.into());
            for path in [vec!["é"], vec!["a", "b"], vec!["item", "0", "x", "0"]] {
                shown(places.value(&path));
                shown(places.key(&path));
            }
        }
    }

    #[test]
    fn without_a_file_there_is_no_place() {
        assert!(matches!(Places::default().value(&["a"]), Place::Nowhere));
    }
}
