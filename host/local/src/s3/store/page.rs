//! One page of a listing: prefix, delimiter and limit, the same for keys, versions and uploads.

/// What a page is cut by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut<'a> {
    /// Only keys that begin so.
    pub(crate) prefix: &'a str,
    /// Keys that share what is up to the delimiter, behind the prefix, are rolled up.
    pub(crate) delimiter: Option<&'a str>,
    /// Where the page before ended: a key, or a rolled-up prefix that is not told again.
    pub(crate) marker: Option<&'a str>,
    /// Items and prefixes together.
    pub(crate) max: usize,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) prefixes: Vec<String>,
    /// There is more.
    pub(crate) truncated: bool,
    /// The key, or rolled-up prefix, that the page ends with.
    pub(crate) last: Option<String>,
    /// Whether that is an item and not a prefix.
    pub(crate) last_is_item: bool,
}

impl<T> Page<T> {
    /// Cuts a page out of entries that are sorted by key and begin behind the marker.
    pub(super) fn cut<'a>(entries: impl Iterator<Item = (&'a str, T)>, cut: Cut<'_>) -> Self {
        let mut page = Self {
            items: Vec::new(),
            prefixes: Vec::new(),
            truncated: false,
            last: None,
            last_is_item: false,
        };
        if cut.max == 0 {
            return page;
        }
        for (key, item) in entries {
            let Some(rest) = key.strip_prefix(cut.prefix) else {
                continue;
            };
            let rolled = cut
                .delimiter
                .filter(|delimiter| !delimiter.is_empty())
                .and_then(|delimiter| Some(rest.find(delimiter)? + delimiter.len()))
                .map(|end| &key[..cut.prefix.len() + end]);
            if let Some(rolled) = rolled
                && (cut.marker == Some(rolled)
                    || page.prefixes.last().is_some_and(|last| last == rolled))
            {
                continue;
            }
            if page.items.len() + page.prefixes.len() == cut.max {
                page.truncated = true;
                break;
            }
            match rolled {
                Some(rolled) => page.prefixes.push(rolled.to_owned()),
                None => page.items.push(item),
            }
            page.last_is_item = rolled.is_none();
            page.last = Some(rolled.unwrap_or(key).to_owned());
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn list(keys: &BTreeSet<String>, cut: Cut<'_>) -> Page<String> {
        let entries = keys
            .iter()
            .filter(|key| cut.marker.is_none_or(|marker| key.as_str() > marker))
            .map(|key| (key.as_str(), key.clone()));
        Page::cut(entries, cut)
    }

    #[test]
    fn keys_behind_the_delimiter_are_rolled_up() {
        let keys = ["a", "b/1", "b/2", "c", "d/x/y"].map(String::from).into();
        let cut = Cut {
            prefix: "",
            delimiter: Some("/"),
            marker: None,
            max: 1000,
        };
        let page = list(&keys, cut);
        assert_eq!(page.items, ["a", "c"]);
        assert_eq!(page.prefixes, ["b/", "d/"]);
        assert!(!page.truncated);
        let inner = list(
            &keys,
            Cut {
                prefix: "b/",
                ..cut
            },
        );
        assert_eq!(inner.items, ["b/1", "b/2"]);
        assert!(list(&keys, Cut { max: 0, ..cut }).items.is_empty());
    }

    proptest! {
        #[test]
        fn pages_of_any_size_add_up_to_the_whole(
            keys in prop::collection::btree_set("[ab/]{1,5}", 0..40),
            prefix in "[ab/]{0,2}",
            delimiter in prop::option::of(Just("/")),
            max in 1_usize..7,
        ) {
            let whole = list(&keys, Cut { prefix: &prefix, delimiter, marker: None, max: usize::MAX });
            let (mut items, mut prefixes, mut marker) = (Vec::new(), Vec::new(), None::<String>);
            loop {
                let page = list(&keys, Cut { prefix: &prefix, delimiter, marker: marker.as_deref(), max });
                prop_assert!(page.items.len() + page.prefixes.len() <= max);
                items.extend(page.items);
                prefixes.extend(page.prefixes);
                if !page.truncated {
                    break;
                }
                prop_assert!(page.last > marker);
                marker = page.last;
            }
            prop_assert_eq!((items, prefixes), (whole.items, whole.prefixes));
        }
    }
}
