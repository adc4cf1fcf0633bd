//! Files: quotas, and the edges of what was given.

use super::case::{Case, Seen};

/// Every attempt was refused: the guest would have failed otherwise.
fn tried(seen: &Seen, count: usize) {
    assert_eq!(
        seen.result.variables.len(),
        count,
        "{:?}",
        seen.result.variables
    );
}

fn names(seen: &Seen) -> Vec<&str> {
    seen.output.iter().map(|(name, _)| name.as_str()).collect()
}

pub(super) const CASES: &[Case] = &[
    Case::hits(
        "fill_the_disk",
        "disk",
        "limit on bytes written to disk",
        "20 MiB",
    )
    .limited(&[("disk", "\"20MiB\"")]),
    Case::hits("make_many_files", "files", "limit on files", "500").limited(&[("files", "500")]),
    Case::hits(
        "write_one_large_file",
        "file-size",
        "limit on the size of a file",
        "4 MiB",
    )
    .limited(&[("file-size", "\"4MiB\"")]),
    Case::hits(
        "write_a_sparse_file",
        "file-size",
        "limit on the size of a file",
        "4 MiB",
    )
    .limited(&[("file-size", "\"4MiB\"")]),
    Case::hits("dig_deep", "depth", "limit on the depth of folders", "20")
        .limited(&[("depth", "20")]),
    Case::hits("open_many_files", "open-files", "limit on open files", "40")
        .limited(&[("open-files", "40")]),
    Case::hits(
        "list_many_folders",
        "directory-streams",
        "limit on folders that are read at a time",
        "4",
    )
    .limited(&[("directory-streams", "4")]),
    // 2,000 files of 4 KiB within 64 KiB and eight files: what is deleted or replaced is given back.
    Case::succeeds("churn_files")
        .limited(&[("disk", "\"64KiB\""), ("files", "8")])
        .and(|seen| assert_eq!(seen.variable("rounds"), Some("2000"))),
    // Absolute links are refused when they are made; one that leads up is found when the output is packed, and nothing
    // is uploaded.
    Case::fails("link_out", &["is a link to", "which leaves the output"]),
    Case::succeeds("link_in_circles").and(|seen| assert!(names(seen).contains(&"honest"))),
    Case::succeeds("write_to_inputs").and(|seen| tried(seen, 11)),
    Case::succeeds("link_hard").and(|seen| {
        tried(seen, 3);
        assert_eq!(names(seen), ["own"]);
    }),
    Case::succeeds("read_outside").and(|seen| {
        tried(seen, 8);
        assert!(seen.output.is_empty(), "{:?}", names(seen));
    }),
];
