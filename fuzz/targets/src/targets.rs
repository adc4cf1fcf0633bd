//! The list of them.

/// A target by its name: that of its binary, and of its folder in fuzz/corpus.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// Panics where a property does not hold.
    pub run: fn(&[u8]),
}

/// Every target that is built with these features.
pub const TARGETS: &[Target] = &[
    #[cfg(feature = "plugins")]
    Target {
        name: "component",
        run: crate::component,
    },
    // Its own tests need the rest of the binary.
    #[cfg(all(feature = "config", not(test)))]
    Target {
        name: "config",
        run: crate::config,
    },
    #[cfg(feature = "events")]
    Target {
        name: "event",
        run: crate::event,
    },
    #[cfg(feature = "grants")]
    Target {
        name: "grants",
        run: crate::grants,
    },
    #[cfg(feature = "job")]
    Target {
        name: "job",
        run: crate::job,
    },
    #[cfg(feature = "journal")]
    Target {
        name: "journal",
        run: crate::journal,
    },
    #[cfg(feature = "plugins")]
    Target {
        name: "manifest",
        run: crate::manifest,
    },
    #[cfg(feature = "masker")]
    Target {
        name: "masker",
        run: crate::masker,
    },
    #[cfg(feature = "archives")]
    Target {
        name: "pack",
        run: crate::pack,
    },
    #[cfg(feature = "sandbox")]
    Target {
        name: "pipe",
        run: crate::pipe,
    },
    #[cfg(feature = "sandbox")]
    Target {
        name: "protocol",
        run: crate::protocol,
    },
    #[cfg(feature = "archives")]
    Target {
        name: "unpack",
        run: crate::unpack,
    },
    #[cfg(feature = "archives")]
    Target {
        name: "untar",
        run: crate::untar,
    },
];
