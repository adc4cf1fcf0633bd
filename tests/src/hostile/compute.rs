//! Time, processor, stack.

use super::case::Case;

const CPU: &[(&str, &str)] = &[("cpu", "\"400ms\"")];
const WALL: &[(&str, &str)] = &[("wall", "\"700ms\"")];

pub(super) const CASES: &[Case] = &[
    Case::hits("sleep_past_the_end", "wall", "time limit", "700 ms").limited(WALL),
    Case::hits("spin_past_the_end", "wall", "time limit", "700 ms").limited(WALL),
    Case::hits(
        "burn_processor_time",
        "cpu",
        "limit on processor time",
        "400 ms",
    )
    .limited(CPU),
    Case::hits(
        "spin_in_a_start_function",
        "cpu",
        "limit on processor time",
        "400 ms",
    )
    .limited(CPU)
    .text(),
    Case::hits(
        "spin_in_its_allocator",
        "cpu",
        "limit on processor time",
        "400 ms",
    )
    .limited(CPU)
    .text(),
    Case::hits(
        "fill_memory_in_bulk",
        "cpu",
        "limit on processor time",
        "400 ms",
    )
    .limited(CPU)
    .text(),
    Case::hits(
        "copy_memory_in_bulk",
        "cpu",
        "limit on processor time",
        "400 ms",
    )
    .limited(CPU)
    .text(),
    Case::hits(
        "fill_tables_in_bulk",
        "cpu",
        "limit on processor time",
        "400 ms",
    )
    .limited(CPU)
    .text(),
    Case::hits(
        "poll_everything_at_once",
        "cpu",
        "limit on processor time",
        "400 ms",
    )
    .limited(CPU),
    Case::hits(
        "recurse_without_end",
        "stack",
        "limit on the stack",
        "512 KiB",
    ),
    Case::hits(
        "take_the_stack_with_locals",
        "stack",
        "limit on the stack",
        "512 KiB",
    )
    .text(),
    Case::fails(
        "execute_unreachable",
        &[
            "the plugin crashed: it panicked or aborted",
            "deepest\n  middle",
        ],
    )
    .text(),
    Case::fails(
        "panic_with_a_message",
        &[
            "the plugin crashed: it panicked or aborted",
            "the guest panics on purpose",
        ],
    ),
    Case::fails(
        "exit_with_success",
        &["called exit, with success, but gave no outcome"],
    ),
    Case::fails(
        "exit_with_failure",
        &["called exit with a failure and gave no outcome"],
    ),
    Case::succeeds("read_its_surroundings").and(|seen| {
        for (name, value) in [("variables", "0"), ("arguments", "0"), ("stdin", "0")] {
            assert_eq!(seen.variable(name), Some(value), "{name}");
        }
        // The input and the output, and nothing else.
        assert_eq!(seen.variable("directories"), Some("2"));
    }),
    Case::interrupted(
        "ignore_stop_requests",
        &["the worker was shut down, so the plugin was interrupted"],
    ),
    Case::succeeds("open_sockets").and(|seen| assert_eq!(seen.result.variables.len(), 5)),
];
