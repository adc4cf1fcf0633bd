//! Core modules for wasip1: adapted when they are compiled, and no other plugins then; and those that cannot be.

use std::sync::LazyLock;

use pipefitter_sandbox::{Fault, Limit, SandboxError, own_component};
use proptest::prelude::*;
use proptest::sample::Index;
use wasm_encoder::{CustomSection, Module, RawSection};

use crate::harness::{Case, Host, guest_for, probe, sandbox};

fn module() -> &'static [u8] {
    static MODULE: LazyLock<Vec<u8>> = LazyLock::new(|| guest_for("wasm32-wasip1", "probe"));
    &MODULE
}

fn host() -> &'static Host {
    static HOST: LazyLock<Host> = LazyLock::new(|| Host::of(module()));
    &HOST
}

/// Why it is refused, whole or not at all: never by a panic, and by nothing that takes long.
fn refusal(wasm: &[u8]) -> String {
    sandbox().compile("ab", wasm, b"").unwrap_err().full()
}

/// With a text of the same length in place of another, wherever it stands.
fn renamed(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut wasm = module().to_vec();
    let mut found = false;
    for at in 0..wasm.len() - from.len() {
        if wasm[at..].starts_with(from.as_bytes()) {
            wasm[at..at + to.len()].copy_from_slice(to.as_bytes());
            found = true;
        }
    }
    assert!(found, "{from} is nowhere");
    wasm
}

#[tokio::test]
async fn a_core_module_reads_writes_and_answers_as_a_component_does() {
    assert!(module().starts_with(b"\0asm\x01\0\0\0"));
    let run = async |host: &Host| {
        let case = Case::new("ok").set("var.a", "b").output("out");
        let ran = case.input("in", &[("a/b", "text")]).run_on(host).await;
        let made = std::fs::read_to_string(ran.case.path("out-0/in/a/b")).unwrap();
        (ran.success().clone(), made)
    };
    let (adapted, made) = run(host()).await;
    assert_eq!(made, "text");
    assert_eq!((adapted, made), run(Host::shared()).await);
}

/// Not that of open files: the adapter has fewer descriptors to give than that allows, and says so itself.
#[tokio::test]
async fn its_limits_and_faults_are_named_as_a_components() {
    for (case, limit, value) in [
        (
            Case::new("spin").limit(Limit::CpuTime, 100),
            Limit::CpuTime,
            "100 ms",
        ),
        (
            Case::new("memory").limit(Limit::Memory, 32 << 20),
            Limit::Memory,
            "32 MiB",
        ),
    ] {
        let ran = case.run_on(host()).await;
        let value = value.to_owned();
        assert_eq!(ran.fault(), &Fault::Limit { limit, value });
    }
    let ran = Case::new("exit").run_on(host()).await;
    assert_eq!(ran.fault(), &Fault::Exited { success: false });
    let ran = Case::new("stdout")
        .set("text", "one\\ntwo")
        .run_on(host())
        .await;
    assert_eq!(ran.texts(), ["one", "two"]);
}

#[test]
fn a_module_imports_no_more_than_its_component_does() {
    let sandbox = sandbox();
    let adapted = sandbox.inspect(module()).unwrap();
    assert_eq!(adapted.contract, "0.1.0");
    // It is for commands that the adapter has `run`; a library is none.
    assert!(
        !adapted
            .exports
            .iter()
            .any(|name| name.starts_with("wasi:cli/run"))
    );
    let packages = |imports: &[String]| -> Vec<String> {
        let mut names: Vec<String> = imports
            .iter()
            .map(|name| name.split('/').next().unwrap_or_default().to_owned())
            .collect();
        names.dedup();
        names.sort();
        names.dedup();
        names
    };
    let component = sandbox.inspect(probe()).unwrap();
    for package in packages(&adapted.imports) {
        assert!(packages(&component.imports).contains(&package), "{package}");
    }
    assert!(matches!(
        own_component(probe()).unwrap(),
        std::borrow::Cow::Borrowed(_)
    ));
}

#[test]
fn a_module_that_ends_early_is_refused_wherever_that_is() {
    let length = module().len();
    for part in 1..12 {
        let said = refusal(&module()[..length * part / 12]);
        assert!(
            ["cannot be read", "names no world", "cannot be made"]
                .iter()
                .any(|words| said.contains(words)),
            "{part}/12: {said}"
        );
    }
}

#[test]
fn imports_that_the_adapter_has_not_are_named() {
    let said = refusal(&renamed("fd_write", "fd_wrote"));
    assert!(said.contains("cannot be made a component"), "{said}");
    assert!(said.contains("fd_wrote"), "{said}");
    let said = refusal(&renamed("wasi_snapshot_preview1", "wasi_snapshot_preview9"));
    assert!(said.contains("wasi_snapshot_preview9"), "{said}");
    let said = refusal(&renamed("wasi_snapshot_preview1", "wasi_unstable_________"));
    assert!(said.contains("wasi_unstable_________"), "{said}");
}

#[test]
fn a_module_whose_world_or_exports_do_not_fit_says_so() {
    let said = refusal(&renamed("handler@0.1.0#run", "handler@0.1.0#rub"));
    assert!(said.contains("cannot be made a component"), "{said}");
    let said = refusal(&renamed("cabi_realloc", "cabi_reallot"));
    assert!(said.contains("cannot be made a component"), "{said}");
}

/// A module with sections of its maker's choice.
fn with(sections: &[(&str, &[u8])]) -> Vec<u8> {
    let mut module = Module::new();
    for (name, data) in sections {
        module.section(&CustomSection {
            name: (*name).into(),
            data: (*data).into(),
        });
    }
    module.finish()
}

#[test]
fn giant_and_lying_sections_end_in_words() {
    let giant = vec![0; 32 << 20];
    for (sections, says) in [
        (
            &[("component-type:x", &giant[..])][..],
            "cannot be made a component",
        ),
        (&[("component-type", b"")], "cannot be made a component"),
        (
            &[("component-type:x", b"\0asm\x0d\0\x01\0")],
            "cannot be made a component",
        ),
        (&[("component-typo", &giant)], "names no world"),
    ] {
        let said = refusal(&with(sections));
        assert!(said.contains(says), "{said}");
    }
    // A length that no file has.
    let mut lying = with(&[]);
    lying.extend([0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, b'x']);
    assert!(refusal(&lying).contains("cannot be read"));
    // A type section of ten million types, of which none is there.
    let mut module = Module::new();
    module.section(&RawSection {
        id: 1,
        data: &[0x80, 0xad, 0xe2, 0x04],
    });
    module.section(&CustomSection {
        name: "component-type:x".into(),
        data: (&b"y"[..]).into(),
    });
    let said = refusal(&module.finish());
    assert!(said.contains("cannot be"), "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Most of a module is code, which adapting does not read: what is changed is where sections begin.
    #[test]
    fn a_module_in_which_anything_may_be_changed_is_adapted_or_refused(
        section in any::<Index>(),
        within in 0..64_usize,
        value in any::<u8>(),
    ) {
        let starts = section_starts(module());
        let mut wasm = module().to_vec();
        if let Some(byte) = wasm.get_mut(starts[section.index(starts.len())] + within) {
            *byte = value;
        }
        match own_component(&wasm) {
            Ok(_)
            | Err(
                SandboxError::Adapt(_)
                | SandboxError::Malformed(_)
                | SandboxError::NotAComponent { .. },
            ) => {}
            Err(other) => prop_assert!(false, "{other:?}"),
        }
    }
}

fn section_starts(wasm: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 8;
    while at < wasm.len() {
        starts.push(at);
        let (mut length, mut shift) = (0, 0);
        at += 1;
        loop {
            let byte = usize::from(wasm[at]);
            at += 1;
            length |= (byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        at += length;
    }
    starts
}
