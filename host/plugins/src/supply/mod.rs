//! Whether a file may become a plugin: who can change it, which one it is, and who signed it.
//!
//! ```text
//! open, never through a link -> custody -> size -> pinned digest -> signature -> (only now) parsed
//! ```
//!
//! A file is opened and read once; every step works on the bytes that were read, so that none of them judges
//! another file than the one that is compiled. Pins and signatures are of the .wasm. A manifest beside it is as
//! good as the .wasm only if it is bound to it: pinned too, named in the signature's trusted comment, or
//! the very text that is embedded.

mod custody;
mod digest;
mod policy;
mod signature;
mod signing;

pub(crate) use custody::{advise, check_directory, check_entry, opened, refuse_link};
pub(crate) use signature::signature_path;

pub use custody::Custody;
pub use digest::FileDigest;
pub use policy::{PluginPolicy, SupplyPolicy};
pub use signature::{SignatureSeen, TrustedKey};
pub use signing::SigningKey;
