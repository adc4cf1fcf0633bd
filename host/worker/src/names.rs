//! Names made from ids: a job id is free text, so it is never a path.

use sha2::{Digest, Sha256};

/// 32 hex digits for a job of a source: 128 bits, since partners choose their ids.
pub(crate) fn job_name(source: &str, job: &str) -> String {
    let mut hash = Sha256::new();
    hash.update((source.len() as u64).to_le_bytes());
    hash.update(source.as_bytes());
    hash.update(job.as_bytes());
    hex::encode(&hash.finalize()[..16])
}

/// 32 hex digits for an id that is too long to be kept.
pub(crate) fn short_name(id: &str) -> String {
    hex::encode(&Sha256::digest(id.as_bytes())[..16])
}

/// Whether [`job_name`] may have made it.
pub(crate) fn is_job_name(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The log's file name, which is the job's external execution id where the plugin gives none.
pub(crate) fn log_name(job_name: &str) -> String {
    format!("{job_name}.log")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_do_not_collide() {
        let name = job_name("main", "../../etc/passwd");
        assert!(is_job_name(&name));
        assert_ne!(job_name("ab", "c"), job_name("a", "bc"));
    }
}
