//! The journal's records: what a crash, a bad disk or a stranger left in the file.

use pipefitter_journal::reread;

/// A record that is read is written so that it is read again, and is the same.
pub fn journal(data: &[u8]) {
    let Some((record, written)) = reread("main", "job-1", data) else {
        return;
    };
    let (again, twice) = reread("main", "job-1", &written).expect("what was written is read");
    assert_eq!(again, record);
    assert_eq!(twice, written);
}
