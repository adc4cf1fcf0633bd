//! The outside of a .wasm: whether it is whole, and the manifest embedded in it.
//!
//! The manifest is a custom section at the top level of the component (or core module); sections nested
//! deeper belong to what the component was linked from and are not looked at. Only the frame of sections is
//! read here; whether their content is valid is the sandbox's to say. A worker does not do even that to a stranger's
//! file: see [`look`](crate::look).

use std::borrow::Cow;
use std::ops::Range;

use wasm_encoder::{ComponentSection, CustomSection};
use wasmparser::{BinaryReader, Encoding, Parser, Payload};

use crate::error::PluginsError;

/// The custom section that holds the manifest.
pub const MANIFEST_SECTION: &str = "pipefitter:action-toml";

/// Magic and version.
const HEADER: usize = 8;

/// The section id of custom sections, in modules and components alike.
const CUSTOM: u8 = 0;

/// More than any valid manifest.
pub(crate) const LARGEST_MANIFEST: usize = 1 << 20;

struct Section<'a> {
    /// With id and length.
    whole: Range<usize>,
    /// Of a custom section: its name and data.
    custom: Option<(&'a str, &'a [u8])>,
}

/// Put a manifest into a component, in place of one that is there.
///
/// # Errors
///
/// [`PluginsError::NotWasm`] if `wasm` is neither a component nor a module;
/// [`PluginsError::ManifestSize`] if the text is longer than a manifest can be.
pub fn embed_manifest(wasm: &[u8], toml_text: &str) -> Result<Vec<u8>, PluginsError> {
    if toml_text.len() > LARGEST_MANIFEST {
        return Err(PluginsError::ManifestSize {
            bytes: toml_text.len(),
            most: LARGEST_MANIFEST,
        });
    }
    let sections = sections(wasm)?;
    let mut embedded = Vec::with_capacity(wasm.len() + toml_text.len() + 64);
    embedded.extend_from_slice(&wasm[..HEADER]);
    for section in sections {
        if !is_manifest(&section) {
            embedded.extend_from_slice(&wasm[section.whole]);
        }
    }
    CustomSection {
        name: Cow::Borrowed(MANIFEST_SECTION),
        data: Cow::Borrowed(toml_text.as_bytes()),
    }
    .append_to_component(&mut embedded);
    Ok(embedded)
}

/// The manifest embedded in a component, if there is one; the last, if there are several.
///
/// # Errors
///
/// [`PluginsError::NotWasm`] if `wasm` is neither a component nor a module, or is cut short;
/// [`PluginsError::ManifestText`] if the section is no text.
pub fn embedded_manifest(wasm: &[u8]) -> Result<Option<String>, PluginsError> {
    let found = sections(wasm)?.into_iter().rfind(is_manifest);
    let Some((_, data)) = found.and_then(|section| section.custom) else {
        return Ok(None);
    };
    let text = std::str::from_utf8(data).map_err(|_| PluginsError::ManifestText)?;
    Ok(Some(text.to_owned()))
}

/// Whether every section ends where it says, nested ones too: what a file that is being copied does not do.
pub(crate) fn check_whole(wasm: &[u8]) -> Result<(), PluginsError> {
    check_header(wasm)?;
    let mut ended = false;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(not_wasm)?;
        ended = matches!(payload, Payload::End(_));
    }
    if ended {
        Ok(())
    } else {
        Err(PluginsError::NotWasm {
            reason: "it is cut short".to_owned(),
        })
    }
}

fn is_manifest(section: &Section<'_>) -> bool {
    section
        .custom
        .is_some_and(|(name, _)| name == MANIFEST_SECTION)
}

fn check_header(wasm: &[u8]) -> Result<(), PluginsError> {
    let refused = |reason: &str| {
        Err(PluginsError::NotWasm {
            reason: reason.to_owned(),
        })
    };
    if wasm.is_empty() {
        return refused("it is empty");
    }
    if wasm.starts_with(b"\x7fELF") {
        return refused("it is machine code; give the .wasm that it was compiled from");
    }
    // The parser would show the bytes themselves, one a line.
    if !b"\0asm".starts_with(&wasm[..wasm.len().min(4)]) {
        return refused("it does not begin with \\0asm, so it is text or some other format");
    }
    match Parser::new(0).parse_all(wasm).next() {
        Some(Ok(Payload::Version {
            encoding: Encoding::Component | Encoding::Module,
            ..
        })) => Ok(()),
        Some(Err(error)) => Err(not_wasm(error)),
        _ => refused("it has no header"),
    }
}

fn sections(wasm: &[u8]) -> Result<Vec<Section<'_>>, PluginsError> {
    check_header(wasm)?;
    let mut reader = BinaryReader::new(&wasm[HEADER..], HEADER);
    let mut sections = Vec::new();
    while !reader.eof() {
        let start = reader.original_position();
        let id = reader.read_u8().map_err(not_wasm)?;
        let length = reader.read_var_u32().map_err(not_wasm)?;
        let body_start = reader.original_position();
        let body = reader.read_bytes(length as usize).map_err(not_wasm)?;
        let custom = if id == CUSTOM {
            let mut inner = BinaryReader::new(body, body_start);
            let name = inner.read_string().map_err(not_wasm)?;
            let rest = inner.bytes_remaining();
            Some((name, inner.read_bytes(rest).map_err(not_wasm)?))
        } else {
            None
        };
        sections.push(Section {
            whole: start..reader.original_position(),
            custom,
        });
    }
    Ok(sections)
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn not_wasm(error: wasmparser::BinaryReaderError) -> PluginsError {
    PluginsError::NotWasm {
        reason: format!("{} at byte {}", error.message(), error.offset()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wasm_encoder::{Component, Module, ModuleSection, RawSection};

    use super::*;

    fn component() -> Vec<u8> {
        let mut component = Component::new();
        component.section(&ModuleSection(&Module::new()));
        component.section(&CustomSection {
            name: "producers-of-another".into(),
            data: Cow::Borrowed(b"kept"),
        });
        component.finish()
    }

    #[test]
    fn a_component_without_manifest_has_none() {
        assert_eq!(embedded_manifest(&component()).unwrap(), None);
    }

    #[test]
    fn the_second_manifest_replaces_the_first_and_nothing_else() {
        let once = embed_manifest(&component(), "first").unwrap();
        let twice = embed_manifest(&once, "second").unwrap();
        assert_eq!(
            embedded_manifest(&twice).unwrap().as_deref(),
            Some("second")
        );
        assert_eq!(twice, embed_manifest(&component(), "second").unwrap());
        assert!(twice.starts_with(&component()));
        check_whole(&twice).unwrap();
    }

    #[test]
    fn a_module_takes_a_manifest_too() {
        let module = Module::new().finish();
        let embedded = embed_manifest(&module, "x").unwrap();
        assert_eq!(embedded_manifest(&embedded).unwrap().as_deref(), Some("x"));
        check_whole(&embedded).unwrap();
    }

    #[test]
    fn a_manifest_of_a_nested_component_is_not_ours() {
        let mut nested = Component::new();
        let inner = embed_manifest(&component(), "theirs").unwrap();
        nested.section(&RawSection {
            id: 4,
            data: &inner,
        });
        assert_eq!(embedded_manifest(&nested.finish()).unwrap(), None);
    }

    #[test]
    fn what_is_no_wasm_is_told_apart() {
        let told = |bytes: &[u8]| check_whole(bytes).unwrap_err().to_string();
        assert!(told(b"").contains("empty"));
        assert!(told(b"\x7fELF....").contains("machine code"));
        assert_eq!(
            told(b"#!/bin/sh"),
            "not WebAssembly: it does not begin with \\0asm, so it is text or some other format"
        );
        assert!(
            told(b"\0as").contains("unexpected end"),
            "{}",
            told(b"\0as")
        );
        assert!(embed_manifest(b"#!/bin/sh", "x").is_err());
    }

    #[test]
    fn no_start_of_a_component_is_whole_except_at_a_section_boundary() {
        let whole = embed_manifest(&component(), "the manifest").unwrap();
        let boundaries: Vec<usize> = sections(&whole)
            .unwrap()
            .iter()
            .map(|section| section.whole.start)
            .collect();
        for length in 0..whole.len() {
            let taken = check_whole(&whole[..length]).is_ok();
            assert_eq!(
                taken,
                boundaries.contains(&length),
                "the first {length} bytes"
            );
        }
    }

    proptest! {
        #[test]
        fn what_was_embedded_is_found(text in "(?s).{0,300}") {
            let embedded = embed_manifest(&component(), &text).unwrap();
            prop_assert_eq!(embedded_manifest(&embedded).unwrap(), Some(text));
        }

        #[test]
        fn garbage_never_panics(
            mut bytes in prop::collection::vec(any::<u8>(), 0..200),
            header in prop::sample::select(vec![&b""[..], b"\0asm\x0d\0\x01\0", b"\0asm\x01\0\0\0"]),
        ) {
            bytes.splice(0..0, header.iter().copied());
            let _ = (embedded_manifest(&bytes), check_whole(&bytes), embed_manifest(&bytes, "x"));
        }

        #[test]
        fn a_flipped_byte_never_panics(at in any::<prop::sample::Index>(), value in any::<u8>()) {
            let mut bytes = embed_manifest(&component(), "the manifest").unwrap();
            let at = at.index(bytes.len());
            bytes[at] = value;
            let _ = (embedded_manifest(&bytes), check_whole(&bytes), embed_manifest(&bytes, "x"));
        }
    }
}
