//! `#{namespace.key}`: variable references in an action's configuration.
//!
//! A reference is `#{`, a namespace, a dot, a key and `}`. Namespaces are `codepipeline`
//! (`PipelineExecutionId`), `variables` (the pipeline's own) and those that actions declare. A
//! namespace or key may hold letters, digits, `@`, `-` and `_`. Text that only looks like the start
//! of a reference (`#{` that is never closed, say) stays as it is; a closed one that names nothing
//! is an error. Values that come in are not resolved again, so a variable cannot smuggle a reference.

use std::collections::BTreeMap;

/// The service's own namespace.
pub(super) const SERVICE: &str = "codepipeline";
/// The namespace of the pipeline's variables.
pub(super) const PIPELINE: &str = "variables";

/// Variables by namespace.
pub(super) type Namespaces = BTreeMap<String, BTreeMap<String, String>>;

/// Why a reference cannot be resolved; worded for the pipeline's owner.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unresolved {
    #[error(
        "configuration '{property}' refers to '#{{{reference}}}', which is not of the form \
         #{{namespace.key}}; write it so"
    )]
    Malformed { property: String, reference: String },
    #[error(
        "configuration '{property}' refers to '#{{{namespace}.{key}}}', but no action that ran \
         before has the namespace '{namespace}' (known: {known}); give the action that produces it \
         that namespace"
    )]
    Namespace {
        property: String,
        namespace: String,
        key: String,
        known: String,
    },
    #[error(
        "configuration '{property}' refers to '#{{{namespace}.{key}}}', but '{namespace}' has no \
         variable '{key}' (it has: {known})"
    )]
    Key {
        property: String,
        namespace: String,
        key: String,
        known: String,
    },
}

/// Resolves every reference in `value`, the configuration of `property`.
///
/// # Errors
/// The first reference that is malformed or names nothing.
pub(super) fn resolve(
    property: &str,
    value: &str,
    namespaces: &Namespaces,
) -> Result<String, Unresolved> {
    let mut resolved = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(start) = rest.find("#{") {
        let Some(length) = rest[start + 2..].find('}') else {
            break;
        };
        let reference = &rest[start + 2..start + 2 + length];
        resolved.push_str(&rest[..start]);
        resolved.push_str(look_up(property, reference, namespaces)?);
        rest = &rest[start + 2 + length + 1..];
    }
    resolved.push_str(rest);
    Ok(resolved)
}

/// Whether a value holds a reference, and so cannot be judged before it is resolved.
pub(super) fn has_reference(value: &str) -> bool {
    value
        .find("#{")
        .is_some_and(|start| value[start..].contains('}'))
}

fn look_up<'a>(
    property: &str,
    reference: &str,
    namespaces: &'a Namespaces,
) -> Result<&'a str, Unresolved> {
    let property = || property.to_owned();
    let (namespace, key) = reference
        .split_once('.')
        .filter(|(n, k)| is_name(n) && is_name(k))
        .ok_or_else(|| Unresolved::Malformed {
            property: property(),
            reference: reference.to_owned(),
        })?;
    let variables = namespaces
        .get(namespace)
        .ok_or_else(|| Unresolved::Namespace {
            property: property(),
            namespace: namespace.to_owned(),
            key: key.to_owned(),
            known: listed(namespaces.keys()),
        })?;
    let value = variables.get(key).ok_or_else(|| Unresolved::Key {
        property: property(),
        namespace: namespace.to_owned(),
        key: key.to_owned(),
        known: listed(variables.keys()),
    })?;
    Ok(value)
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "@-_".contains(c))
}

fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.is_empty() {
        "none".into()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn namespaces() -> Namespaces {
        let mut all = Namespaces::new();
        all.entry("site".into())
            .or_default()
            .insert("pages".into(), "12".into());
        all.entry("site".into())
            .or_default()
            .insert("evil".into(), "#{site.pages}".into());
        all.entry(SERVICE.into())
            .or_default()
            .insert("PipelineExecutionId".into(), "e-1".into());
        all
    }

    #[test]
    fn references_are_replaced_wherever_they_stand() {
        let resolved = resolve(
            "p",
            "a#{site.pages}b #{codepipeline.PipelineExecutionId}",
            &namespaces(),
        );
        assert_eq!(resolved, Ok("a12b e-1".into()));
    }

    #[test]
    fn a_value_is_not_resolved_again() {
        assert_eq!(
            resolve("p", "#{site.evil}", &namespaces()),
            Ok("#{site.pages}".into())
        );
    }

    #[test]
    fn text_that_is_no_reference_stays() {
        for text in [
            "#",
            "# {site.pages}",
            "${site.pages}",
            "#{site.pages",
            "#{",
            "}",
        ] {
            assert_eq!(resolve("p", text, &namespaces()), Ok(text.into()));
        }
    }

    #[test]
    fn what_names_nothing_says_what_there_is() {
        let error = |text| resolve("title", text, &namespaces()).map_err(|e| e.to_string());
        assert_eq!(
            error("#{site.words}"),
            Err(
                "configuration 'title' refers to '#{site.words}', but 'site' has no variable \
                 'words' (it has: evil, pages)"
                    .into()
            )
        );
        assert_eq!(
            error("#{sit.pages}"),
            Err(
                "configuration 'title' refers to '#{sit.pages}', but no action that ran before \
                 has the namespace 'sit' (known: codepipeline, site); give the action that \
                 produces it that namespace"
                    .into()
            )
        );
        for malformed in [
            "#{}",
            "#{site}",
            "#{.pages}",
            "#{site.}",
            "#{a b.c}",
            "#{a.b.c}",
        ] {
            assert!(error(malformed).is_err_and(|e| e.contains("is not of the form")));
        }
    }

    proptest! {
        #[test]
        fn any_text_resolves_or_is_refused_without_a_panic(text in ".*") {
            let found = resolve("p", &text, &namespaces());
            if !has_reference(&text) {
                prop_assert_eq!(found, Ok(text));
            }
        }
    }
}
