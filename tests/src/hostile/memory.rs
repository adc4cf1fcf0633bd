//! Memory of the guest's and memory that the host keeps for it.

use super::case::Case;

const MEMORY: &str = "limit on memory";

pub(super) const CASES: &[Case] = &[
    Case::hits("grow_memory", "memory", MEMORY, "80 MiB"),
    Case::hits("grow_memory64", "memory", MEMORY, "80 MiB").text(),
    Case::hits("start_with_a_giant_memory", "memory", MEMORY, "80 MiB").text(),
    Case::hits("grow_tables", "memory", MEMORY, "80 MiB").text(),
    Case::hits("have_many_memories", "memories", "limit on memories", "32").text(),
    Case::hits("have_many_tables", "tables", "limit on tables", "64").text(),
    Case::hits(
        "have_many_instances",
        "instances",
        "limit on instances",
        "200",
    )
    .text(),
    Case::hits(
        "hoard_pollables",
        "resources",
        "limit on open files, streams and other resources",
        "300",
    )
    .limited(&[("resources", "300")]),
    Case::hits("hoard_handles", "handles", "limit on handles", "200")
        .limited(&[("handles", "200"), ("resources", "100000")]),
    Case::hits(
        "log_a_giant_message",
        "call-data",
        "limit on data handed to the host in one call",
        "16 MiB",
    ),
    Case::hits(
        "return_a_giant_message",
        "call-data",
        "limit on data handed to the host in one call",
        "16 MiB",
    ),
    Case::hits(
        "return_one_text_many_times",
        "call-data",
        "limit on data handed to the host in one call",
        "16 MiB",
    )
    .text(),
    Case::hits(
        "return_too_much",
        "result",
        "limit on what it returns",
        "512 KiB",
    ),
    Case::hits(
        "ask_for_random_bytes",
        "random",
        "limit on random bytes in one call",
        "1 MiB",
    ),
];
