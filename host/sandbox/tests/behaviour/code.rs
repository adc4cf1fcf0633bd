//! From wasm to code that may be run.

use std::os::unix::fs::PermissionsExt;

use pipefitter_sandbox::{
    Fault, Isolation, JobControl, Sandbox, SandboxConfig, SandboxError, SealKey, VerdictKind,
};
use wasm_encoder::{
    Component, ComponentExportKind, ComponentExportSection, ComponentImportSection,
    ComponentInstanceSection, ComponentTypeRef, ComponentTypeSection, InstanceType,
};

use crate::ISOLATION;
use crate::harness::{Case, Host, Recorder, probe, sandbox};

/// A component that imports an instance with one function and exports an empty one.
fn component(import: &str, function: &str, export: &str) -> Vec<u8> {
    let mut instance = InstanceType::new();
    instance
        .ty()
        .function()
        .params::<[_; 0], wasm_encoder::ComponentValType>([])
        .result(None);
    instance.export(function, ComponentTypeRef::Func(0));
    let mut types = ComponentTypeSection::new();
    types.instance(&instance);
    let mut imports = ComponentImportSection::new();
    imports.import(import, ComponentTypeRef::Instance(0));
    let mut component = Component::new();
    component.section(&types).section(&imports);
    export_empty(component, 1, export)
}

fn export_empty(mut component: Component, index: u32, name: &str) -> Vec<u8> {
    let mut instances = ComponentInstanceSection::new();
    instances.export_items::<&str, [_; 0]>([]);
    let mut exports = ComponentExportSection::new();
    exports.export(name, ComponentExportKind::Instance, index, None);
    component.section(&instances).section(&exports);
    component.finish()
}

/// A process that compiles tells its errors in words.
fn said_by(error: &SandboxError, known: impl FnOnce(&SandboxError) -> bool) -> bool {
    match ISOLATION {
        Isolation::Shared => known(error),
        Isolation::Process => matches!(error, SandboxError::Refused(_)),
    }
}

const ID: &str = "ab-01";
const HANDLER: &str = "pipefitter:action/handler@0.1.0";

fn refusal(wasm: &[u8]) -> String {
    sandbox().inspect(wasm).unwrap_err().full()
}

#[test]
fn a_plugins_shape_is_read_without_compiling_it() {
    let sandbox = sandbox();
    let shape = sandbox.inspect(probe()).unwrap();
    assert_eq!(shape.contract, "0.1.0");
    assert!(shape.exports.contains(&HANDLER.to_owned()));
    for import in [
        "pipefitter:action/log@0.1.0",
        "pipefitter:action/control@0.1.0",
    ] {
        assert!(shape.imports.contains(&import.to_owned()), "{shape:?}");
    }
    assert_eq!(sandbox.compiled(), 0);
}

#[test]
fn what_is_no_plugin_is_refused_with_a_remedy() {
    let log = "pipefitter:action/log@0.1.0";
    for (wasm, says) in [
        (b"\0asm\x01\0\0\0".to_vec(), "in Rust for wasm32-wasip2"),
        (b"(component)".to_vec(), "wasm-tools parse"),
        (b"\x7fELF\x02\x01".to_vec(), ".cwasm"),
        (b"".to_vec(), "an empty file"),
        (b"PK\x03\x04".to_vec(), "not compressed"),
        (probe()[..1000].to_vec(), "cannot be read"),
        (Component::new().finish(), "it exports nothing"),
        (
            component(log, "f", "wasi:http/incoming-handler@0.2.0"),
            "it exports `wasi:http/incoming-handler@0.2.0`",
        ),
        (
            component(log, "f", "wasi:cli/run@0.3.0"),
            "it is a command for WASI 0.3.0, and commands for WASI 0.2.x and wasip1 are served",
        ),
        (
            component(log, "f", "pipefitter:action/async-handler@0.2.0"),
            "built for pipefitter:action 0.2.0",
        ),
        (
            component(log, "f", "pipefitter:action/handler@0.2.0"),
            "built for pipefitter:action 0.2.0, this pipefitter serves 0.1.x; update pipefitter",
        ),
        (
            component("wasi:http/incoming-handler@0.2.3", "handle", HANDLER),
            "imports `wasi:http/incoming-handler@0.2.3`: plugins make requests",
        ),
    ] {
        let said = refusal(&wasm);
        assert!(said.contains(says), "{says:?} is not in: {said}");
        assert!(sandbox().compile(ID, &wasm, b"").is_err());
    }
}

#[test]
fn a_component_that_is_too_large_is_not_even_read() {
    let mut config = SandboxConfig::new(SealKey::ephemeral().unwrap());
    config.max_component_bytes = 1000;
    let error = Sandbox::new(config)
        .unwrap()
        .compile(ID, probe(), b"a note")
        .unwrap_err();
    assert!(matches!(error, SandboxError::TooLarge { limit: 1000, .. }));
}

#[test]
fn a_function_that_a_later_version_has_added_is_named() {
    let wasm = component("pipefitter:action/log@0.1.9", "shout", HANDLER);
    let says = "it imports `shout` of `pipefitter:action/log@0.1.9`, which this pipefitter does not have; \
                update pipefitter";
    assert_eq!(refusal(&wasm), says);
    let error = sandbox().compile(ID, &wasm, b"").unwrap_err();
    assert_eq!(error.full(), says, "in a process, too");
}

#[test]
fn an_import_of_another_type_is_refused_when_it_is_linked() {
    let wasm = component("pipefitter:action/log@0.1.0", "threshold", HANDLER);
    sandbox().inspect(&wasm).unwrap();
    let error = sandbox().compile(ID, &wasm, b"").unwrap_err();
    let said = error.full();
    assert!(
        said_by(&error, |error| matches!(error, SandboxError::Link(_))),
        "{said}"
    );
    assert!(said.contains("pipefitter:action/log@0.1.0"), "{said}");
    assert!(said.contains("threshold"), "{said}");
}

#[test]
fn a_handler_that_cannot_be_called_is_refused_when_it_is_linked() {
    let wasm = export_empty(Component::new(), 0, HANDLER);
    sandbox().inspect(&wasm).unwrap();
    let error = sandbox().compile(ID, &wasm, b"").unwrap_err();
    let said = error.full();
    assert!(
        said_by(&error, |error| matches!(error, SandboxError::Link(_))),
        "{said}"
    );
    assert!(said.contains("run"), "{said}");
}

#[test]
fn broken_wasm_inside_a_component_is_a_compile_error() {
    let mut wasm = probe().to_vec();
    // In the middle of the core module's code.
    let middle = wasm.len() / 2;
    wasm[middle..middle + 64].fill(0xff);
    let error = sandbox().compile(ID, &wasm, b"").unwrap_err();
    let broken = |error: &_| matches!(error, SandboxError::Compile(_) | SandboxError::Malformed(_));
    assert!(said_by(&error, broken), "{error:?}");
}

#[test]
fn the_same_key_and_engine_open_what_another_process_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("keys");
    let start = || {
        let key = SealKey::load_or_create(&at).unwrap();
        Sandbox::new(SandboxConfig::new(key)).unwrap()
    };
    let first = start();
    let sealed = first.compile(ID, probe(), b"a note").unwrap();
    assert_eq!((first.compiled(), first.loaded()), (1, 0));
    let second = start();
    assert_eq!(first.compatibility(), second.compatibility());
    assert!(
        second
            .compatibility()
            .bytes()
            .all(|b| b.is_ascii_hexdigit())
    );
    let verified = second.verify(ID, &sealed).unwrap();
    assert_eq!(verified.note, b"a note");
    assert_eq!(verified.shape, first.inspect(probe()).unwrap());
    assert_eq!(second.compiled(), 0);
    let mode = std::fs::metadata(&at).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_flipped_byte_anywhere_is_refused() {
    let sandbox = sandbox();
    let mut sealed = sandbox.compile(ID, probe(), b"a note").unwrap();
    let length = sealed.len();
    for at in [0, 8, 20, 50, 60, 90, length / 2, length - 1] {
        sealed[at] ^= 1;
        let error = sandbox.verify(ID, &sealed).unwrap_err();
        assert!(matches!(error, SandboxError::Seal { .. }), "byte {at}");
        sealed[at] ^= 1;
    }
    sandbox.verify(ID, &sealed).unwrap();
}

#[tokio::test]
async fn code_of_one_plugin_is_no_other_ones() {
    let host = Host::new();
    let sealed = std::fs::read(&host.code.path).unwrap();
    let refused = host.sandbox.verify("ab-02", &sealed).unwrap_err();
    assert!(
        refused.to_string().contains("another plugin's"),
        "{refused}"
    );
    // Nor is it run for it, whatever name it lies under.
    let mut spec = Case::new("ok").spec;
    spec.code.id = "ab-02".into();
    spec.code.path = host.code.path.clone();
    let (_stop, control) = JobControl::new();
    let verdict = host.runner.run(spec, control, Recorder::new()).await;
    let said = format!("{:?}", verdict.kind);
    assert!(said.contains("another plugin's"), "{said}");
    assert_eq!(host.sandbox.loaded(), 0);
}

#[test]
fn another_key_is_refused() {
    let sealed = sandbox().compile(ID, probe(), b"a note").unwrap();
    let said = sandbox().verify(ID, &sealed).unwrap_err().to_string();
    assert!(said.contains("sealed with another key"), "{said}");
}

#[tokio::test]
async fn code_that_was_changed_is_never_run() {
    let host = Host::new();
    let mut sealed = std::fs::read(&host.code.path).unwrap();
    let last = sealed.len() - 1;
    sealed[last] ^= 1;
    std::fs::write(&host.code.path, &sealed).unwrap();
    let ran = Case::new("ok").run_on(&host).await;
    match ran.fault() {
        Fault::Code(why) => assert!(why.contains("compile the component again"), "{why}"),
        other => panic!("{other:?}"),
    }
    // Once it is repaired the same id works: a failure is not remembered.
    sealed[last] ^= 1;
    std::fs::write(&host.code.path, &sealed).unwrap();
    Case::new("ok").run_on(&host).await.success();
    std::fs::remove_file(&host.code.path).unwrap();
    Case::new("ok").run_on(&host).await.success();
    assert_eq!(host.sandbox.loaded(), 1);
}

#[tokio::test]
async fn code_that_is_missing_is_a_fault_that_names_it() {
    let host = Host::shared();
    let mut spec = Case::new("ok").spec;
    spec.code.id = "missing".into();
    spec.code.path = "/nonexistent/code".into();
    let (_stop, control) = JobControl::new();
    let verdict = host.runner.run(spec, control, Recorder::new()).await;
    let said = format!("{:?}", verdict.kind);
    assert!(said.contains("/nonexistent/code cannot be read"), "{said}");
    assert!(
        matches!(verdict.kind, VerdictKind::Fault(Fault::Code(_))),
        "{said}"
    );
}
