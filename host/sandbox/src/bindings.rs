//! The contract of `wit/`, bound for the host. Never part of the crate's interface: what others see are
//! the plain types of [`crate::job`].

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated from wit/, which documents it"
)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "action",
    exports: { default: async },
});

/// The `secrets` import, for those whom secrets are granted.
pub(crate) mod secrets {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "needs-secrets",
        imports: { default: async },
    });
}

/// The world of plugins with an asynchronous entry; the records and imports are those of the other.
pub(crate) mod asynchronous {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "action-async",
        with: {
            "pipefitter:action/types": crate::bindings::pipefitter::action::types,
            "pipefitter:action/log": crate::bindings::pipefitter::action::log,
            "pipefitter:action/control": crate::bindings::pipefitter::action::control,
        },
    });
}
