//! From an error of wasmtime's to a fault that a pipeline's owner understands.
//!
//! Some limits are wasmtime's own and end a call with an error whose type is private: these are known by
//! their text, and a test hits each, so that an update that changes one is noticed.

use wasmtime::component::ResourceTableError;
use wasmtime::{Error, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::guard::Guard;
use crate::limits::Limit;
use crate::runner::Fault;
use crate::text;

/// Frames in a fault, innermost first.
const MAX_FRAMES: usize = 10;
/// Characters of a cause that is quoted.
const MAX_TEXT: usize = 500;

/// A fault of a running guest.
pub(crate) fn of_call(error: &Error, guard: &Guard) -> Fault {
    if let Some(I32Exit(status)) = error.downcast_ref() {
        return Fault::Exited {
            success: *status == 0,
        };
    }
    if let Some(fault) = limit(error, guard) {
        return fault;
    }
    let what = match error.downcast_ref::<Trap>() {
        Some(trap) => words(*trap),
        // What wasmtime finds wrong with values and handles has no type of its own.
        None => rules(&one_line(&error.root_cause().to_string())),
    };
    Fault::Trap {
        what,
        frames: error
            .downcast_ref::<WasmBacktrace>()
            .map(frames)
            .unwrap_or_default(),
    }
}

/// A fault before the plugin's own code was called. Its start functions may trap, too.
pub(crate) fn of_start(error: &Error, guard: &Guard) -> Fault {
    if error.is::<Trap>() || error.is::<I32Exit>() {
        return of_call(error, guard);
    }
    limit(error, guard).unwrap_or_else(|| {
        Fault::Start(format!(
            "the plugin cannot be instantiated: {}",
            one_line(&error.root_cause().to_string())
        ))
    })
}

fn limit(error: &Error, guard: &Guard) -> Option<Fault> {
    let limit = |limit| Some(guard.limit(limit));
    if let Some(Trap::StackOverflow) = error.downcast_ref() {
        return limit(Limit::Stack);
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return limit(Limit::Resources);
    }
    let cause = error.root_cause().to_string();
    if cause.contains("fuel allocated for hostcalls has been exhausted") {
        return limit(Limit::HostcallData);
    }
    if cause.starts_with("requested len") && cause.contains("exceeds limit") {
        return limit(Limit::Random);
    }
    if cause == "total size of fields exceeds limit" {
        return limit(Limit::HeaderBytes);
    }
    if cause.contains("store handle limit exceeded") {
        return limit(Limit::Handles);
    }
    match cause
        .strip_prefix("resource limit exceeded: ")?
        .split_once(' ')?
        .0
    {
        "memory" => limit(Limit::Memories),
        "table" => limit(Limit::Tables),
        _ => limit(Limit::Instances),
    }
}

fn words(trap: Trap) -> String {
    match trap {
        Trap::UnreachableCodeReached => {
            "it panicked or aborted (an `unreachable` instruction was executed)".into()
        }
        Trap::MemoryOutOfBounds => "it accessed memory out of bounds".into(),
        Trap::TableOutOfBounds | Trap::IndirectCallToNull => {
            "it called a function pointer that points to no function".into()
        }
        Trap::BadSignature => "it called a function pointer of another type".into(),
        Trap::IntegerOverflow => "an integer operation overflowed".into(),
        Trap::IntegerDivisionByZero => "it divided an integer by zero".into(),
        Trap::BadConversionToInteger => {
            "it converted a float to an integer that cannot hold it".into()
        }
        Trap::CannotEnterComponent => "it was called while it was calling".into(),
        Trap::CannotLeaveComponent => "it called the host where it may not".into(),
        Trap::InvalidChar
        | Trap::StringOutOfBounds
        | Trap::ListOutOfBounds
        | Trap::InvalidDiscriminant
        | Trap::UnalignedPointer => {
            let text = trap.to_string();
            rules(text.strip_prefix("wasm trap: ").unwrap_or(&text))
        }
        other => {
            let text = other.to_string();
            text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned()
        }
    }
}

fn rules(broken: &str) -> String {
    format!(
        "it broke the rules of calls between it and the host ({broken}); its bindings may be broken"
    )
}

/// Function names as wasmtime prints them, which demangles them: `   0:   0x1f - module!function`. A plugin
/// that was stripped has none, and numbers would help nobody.
fn frames(trace: &WasmBacktrace) -> Vec<String> {
    let printed = trace.to_string();
    let names = printed.lines().skip(1).filter_map(|line| {
        let line = line.trim_start();
        let name = match line.split_once(" - ") {
            Some((_, name)) => name,
            None => line.strip_prefix("- ")?,
        };
        let function = name.split_once('!').map_or(name, |(_, function)| function);
        (!function.starts_with("<wasm function")).then(|| one_line(without_hash(function)))
    });
    names.take(MAX_FRAMES).collect()
}

/// Rust's older names end in a hash, which wasmtime leaves there.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            name
        }
        _ => name,
    }
}

fn one_line(said: &str) -> String {
    let cleaned = text::clean(&said.replace(['\n', '\r'], " "));
    text::shortened(&cleaned, MAX_TEXT)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use wasm_encoder::{
        CodeSection, EntityType, Function, FunctionSection, ImportSection, Instruction,
        MemorySection, MemoryType, Module, NameMap, NameSection, RefType, StartSection,
        TableSection, TableType, TypeSection,
    };
    use wasmtime::{Engine, Instance, Store};

    use super::*;
    use crate::limiter::Limiter;
    use crate::limits::Limits;
    use crate::runner::JobControl;

    fn guard() -> Arc<Guard> {
        Arc::new(Guard::new(Limits::default(), JobControl::new().1))
    }

    fn store(engine: &Engine) -> Store<Limiter> {
        let mut store = Store::new(engine, Limiter::new(guard()));
        store.limiter(|limiter| limiter);
        store
    }

    fn fault_of(module: &Module) -> Fault {
        let engine = Engine::default();
        let module = wasmtime::Module::new(&engine, module.clone().finish()).unwrap();
        let mut store = store(&engine);
        loop {
            if let Err(error) = Instance::new(&mut store, &module, &[]) {
                return of_start(&error, &guard());
            }
        }
    }

    fn limit(limit: Limit, value: &str) -> Fault {
        Fault::Limit {
            limit,
            value: value.into(),
        }
    }

    #[test]
    fn too_many_memories_tables_and_instances_are_named() {
        let mut memories = MemorySection::new();
        let mut tables = TableSection::new();
        for _ in 0..50 {
            memories.memory(MemoryType {
                minimum: 0,
                maximum: None,
                memory64: false,
                shared: false,
                page_size_log2: None,
            });
            tables.table(TableType {
                element_type: RefType::FUNCREF,
                minimum: 0,
                maximum: None,
                table64: false,
                shared: false,
            });
        }
        let mut module = Module::new();
        module.section(&memories);
        assert_eq!(fault_of(&module), limit(Limit::Memories, "32"));
        let mut module = Module::new();
        module.section(&tables);
        assert_eq!(fault_of(&module), limit(Limit::Tables, "64"));
        assert_eq!(fault_of(&Module::new()), limit(Limit::Instances, "200"));
    }

    #[test]
    fn what_does_not_start_is_no_trap() {
        let mut imports = ImportSection::new();
        imports.import(
            "env",
            "memory",
            EntityType::Memory(MemoryType {
                minimum: 0,
                maximum: None,
                memory64: false,
                shared: false,
                page_size_log2: None,
            }),
        );
        let mut module = Module::new();
        module.section(&imports);
        assert!(matches!(fault_of(&module), Fault::Start(_)));
    }

    #[test]
    fn a_trap_tells_where_by_demangled_names() {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut functions = FunctionSection::new();
        functions.function(0).function(0).function(0);
        let mut code = CodeSection::new();
        for instructions in [
            [Instruction::Unreachable, Instruction::End],
            [Instruction::Call(0), Instruction::End],
            [Instruction::Call(1), Instruction::End],
        ] {
            let mut function = Function::new([]);
            for instruction in &instructions {
                function.instruction(instruction);
            }
            code.function(&function);
        }
        let mut names = NameMap::new();
        names.append(0, "_ZN6plugin5inner17h0123456789abcdefE");
        names.append(2, "outer");
        let mut section = NameSection::new();
        section.functions(&names);
        let mut module = Module::new();
        module
            .section(&types)
            .section(&functions)
            .section(&StartSection { function_index: 2 })
            .section(&code)
            .section(&section);
        match fault_of(&module) {
            Fault::Trap { what, frames } => {
                assert!(what.contains("panicked or aborted"), "{what}");
                assert_eq!(frames, ["plugin::inner", "outer"]);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn quoted_causes_are_one_short_line() {
        let said = one_line(&format!("a\nb\u{1b}[1m{}", "x".repeat(1000)));
        assert!(said.starts_with("a bx"));
        assert!(said.ends_with("x…"));
        assert_eq!(said.chars().count(), MAX_TEXT + 1);
    }
}
