//! Guests that must not be served at all: refused when they are loaded, by name, with what to do. Loading knows no
//! `isolation`: a plugin is looked at, adapted and compiled in processes of their own, whatever its jobs run in.

/// A guest, and what is said of it.
#[derive(Clone, Copy, Debug)]
pub struct Refused {
    /// The guest's file, without its ending.
    pub guest: &'static str,
    /// Words of the refusal.
    pub says: &'static [&'static str],
    /// The `[limits]` of the worker that has to refuse it.
    pub limits: &'static str,
}

const fn refused(guest: &'static str, says: &'static [&'static str]) -> Refused {
    Refused {
        guest,
        says,
        limits: "plugin-size = \"4MiB\"\ncompile-time = \"1s\"\n",
    }
}

/// All of them.
pub const NEVER_SERVED: &[Refused] = &[
    refused(
        "import_the_network",
        &[
            "wasi:http/outgoing-handler@0.2.0",
            "[plugins.import-the-network.grant]",
            "network = [",
        ],
    ),
    refused(
        "import_secrets",
        &[
            "pipefitter:action/secrets@0.1.0",
            "[plugins.import-secrets.grant]",
            "secrets = [",
        ],
    ),
    refused(
        "import_what_nobody_has",
        &["acme:tools/hammer@1.0.0", "wac plug"],
    ),
    refused(
        "import_another_wasi",
        &["wasi:nn/graph@0.2.0", "no grant makes it so"],
    ),
    refused(
        "import_other_types",
        &[
            "imports `shutdown-host`",
            "which this pipefitter does not have",
        ],
    ),
    refused(
        "export_nothing",
        &["does not export `pipefitter:action/handler`"],
    ),
    refused(
        "export_another_contract",
        &["pipefitter:action 9.0.0", "0.1.x", "update pipefitter"],
    ),
    refused("be_a_module", &["a core module", "wasm32-wasip2"]),
    refused("be_older_than_wasip1", &["`wasi_unstable`", "newer tools"]),
    refused(
        "name_a_world_of_garbage",
        &["the core module cannot be made a component", "newer tools"],
    ),
    refused("be_no_wasm", &["not WebAssembly"]),
    refused("share_memory_between_threads", &["threads"]),
    refused("collect_garbage", &["gc"]),
    refused("throw_exceptions", &["exceptions"]),
    refused("be_too_large", &["4MiB", "plugin-size"]),
    refused(
        "take_long_to_compile",
        &[
            "compiling the component hit the limit on processor time of 1 s",
            "compile-time",
        ],
    ),
    Refused {
        limits: "compile-memory = \"64MiB\"\n",
        ..refused(
            "take_memory_to_compile",
            &[
                "compiling the component hit the memory limit of 64 MiB",
                "compile-memory",
            ],
        )
    },
];
