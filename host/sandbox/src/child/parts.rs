//! What a program gives its children besides the sandbox itself.

use crate::test_imports::TestImports;

/// Takes a stranger's file apart, in a process that holds nothing and may reach nothing, and tells what the program
/// wants to know of it. Who reads the answer must not believe it more than the file.
pub type Look = fn(&[u8]) -> Vec<u8>;

/// What a child's main is called with.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ChildParts {
    /// For [`Sandbox::look`](crate::Sandbox::look).
    pub look: Look,
    /// Imports for the suites. Default: none.
    pub test_imports: Option<TestImports>,
}

impl ChildParts {
    /// Those of a program that looks at files so.
    #[must_use]
    pub fn new(look: Look) -> ChildParts {
        ChildParts {
            look,
            test_imports: None,
        }
    }
}
