//! Buckets, object versions and multipart uploads in a directory.
//!
//! ```text
//!   FORMAT, LOCK                       which store this is, and that one process has it open
//!   buckets/<hash>.json                one bucket
//!   objects/<2>/<hash>.json            one version, or one delete marker
//!   uploads/<id>/upload.json, <n>.json one unfinished upload and its parts
//!   data/<2>/<random>                  content, named at random
//! ```
//!
//! No name that a client chose is ever a file name: records are named by a hash of what they
//! describe, content by chance.
//!
//! *Publication* is the rename of one record into place. Content is written first, under a name that
//! nothing refers to, and verified; whatever no record refers to is swept when the store is opened.
//! So an object is either not there or whole, whenever the process dies. (Files are not synced one
//! by one: the state survives the death of the process, not a power cut.)
//!
//! All records are also held in memory ([`index`]), read once at the start. Every change goes through
//! one door, [`ObjectStore::change`]: it takes the index for itself, checks what must hold, writes
//! the records and then the index, on a thread that a client's hanging up cannot interrupt.
//! Conditional writes are atomic for that reason.
//!
//! Content files are immutable and have one owner, the record. A copy makes hard links. A file is
//! unlinked when its record is gone *and* its last reader is ([`data::DataFile`]), so a download that
//! has begun ends well.

mod condition;
mod data;
#[cfg(test)]
mod direct;
mod disk;
mod index;
mod objects;
mod page;
mod read;
mod receive;
mod record;
mod uploads;
mod writes;

pub(crate) use condition::WriteCondition;
pub(super) use condition::{EtagCondition, ReadConditions};
pub(super) use index::{DeleteOutcome, Version};
pub(super) use page::{Cut, Page};
pub(super) use receive::Received;
pub(super) use uploads::{Completion, CompletionPart, UploadView};
pub(crate) use writes::Publication;

pub(crate) use objects::{Location, ObjectStore, Published};
pub(crate) use record::{Encryption, ObjectMeta, Versioning};
