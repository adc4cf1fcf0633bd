//! What a plugin's folder holds: a manifest, and a component that may have one in it.

use pipefitter_plugins::{Manifest, embed_manifest, embedded_manifest, look};

/// A manifest is refused with problems that say something, or keeps CodePipeline's limits.
pub fn manifest(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match Manifest::parse(text, "action.toml") {
        Ok(manifest) => {
            assert!(manifest.properties.len() <= 10);
            for counts in [manifest.inputs.counts, manifest.outputs.counts] {
                assert!(counts.min <= counts.max && counts.max <= 5);
            }
            let key = manifest.key();
            assert!((1..=35).contains(&key.provider.chars().count()));
            assert!((1..=9).contains(&key.version.chars().count()));
            for ask in &manifest.capabilities.directories {
                assert!(ask.guest.starts_with('/') && !ask.guest.contains("/.."));
            }
            // The same text means the same.
            assert_eq!(Manifest::parse(text, "other.toml").as_ref(), Ok(&manifest));
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(!problem.to_string().is_empty());
            }
        }
    }
}

/// What takes a component apart far enough to find a manifest can also put one in, and finds it again; and whatever the
/// bytes are, what looks at them for a worker has something to tell.
pub fn component(data: &[u8]) {
    assert!(!look(data).is_empty());
    let Ok(found) = embedded_manifest(data) else {
        return;
    };
    let text = found.unwrap_or_else(|| "[action]".to_owned());
    let Ok(embedded) = embed_manifest(data, &text) else {
        return;
    };
    let again = embedded_manifest(&embedded).expect("what was written is read");
    assert_eq!(again, Some(text));
}
