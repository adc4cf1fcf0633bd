//! The languages that plugins are written in.

use std::fmt;

/// A language that plugins can be built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Rust.
    Rust,
    /// Python.
    Python,
    /// TypeScript.
    Typescript,
    /// JavaScript.
    Javascript,
    /// C.
    C,
    /// C++.
    Cpp,
    /// Go.
    Go,
    /// Zig.
    Zig,
    /// Any other, by a command of the author's.
    Command,
}

impl Language {
    /// All of them, in the order in which people are told of them.
    pub const ALL: [Language; 9] = [
        Language::Rust,
        Language::Python,
        Language::Typescript,
        Language::Javascript,
        Language::C,
        Language::Cpp,
        Language::Go,
        Language::Zig,
        Language::Command,
    ];

    /// As manifests and the command line spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Language::Rust => "rust",
            Language::Python => "python",
            Language::Typescript => "typescript",
            Language::Javascript => "javascript",
            Language::C => "c",
            Language::Cpp => "cpp",
            Language::Go => "go",
            Language::Zig => "zig",
            Language::Command => "command",
        }
    }

    /// As people spell it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Language::Rust => "Rust",
            Language::Python => "Python",
            Language::Typescript => "TypeScript",
            Language::Javascript => "JavaScript",
            Language::C => "C",
            Language::Cpp => "C++",
            Language::Go => "Go",
            Language::Zig => "Zig",
            Language::Command => "a language of your own",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
