//! What guests with an asynchronous entry do by its ABI.

use super::case::Case;

const WALL: &[(&str, &str)] = &[("wall", "\"700ms\"")];
const CPU: &[(&str, &str)] = &[("cpu", "\"400ms\"")];

/// Of what is open: the runtime's own table of tasks, streams and futures is bounded as that of files is.
const fn hoards(guest: &'static str) -> Case {
    Case::hits(
        guest,
        "resources",
        "limit on open files, streams and other resources",
        "1024",
    )
    .asynchronous()
}

pub(super) const CASES: &[Case] = &[
    hoards("hoard_streams"),
    hoards("hoard_futures"),
    hoards("hoard_waitable_sets"),
    Case::hits("give_way_for_ever", "wall", "time limit", "700 ms")
        .asynchronous()
        .limited(WALL),
    Case::hits("wait_for_nothing", "wall", "time limit", "700 ms")
        .asynchronous()
        .limited(WALL),
    Case::hits(
        "spin_when_called_again",
        "cpu",
        "limit on processor time",
        "400 ms",
    )
    .asynchronous()
    .limited(CPU),
    Case::fails("end_without_an_answer", &["the plugin crashed"]).asynchronous(),
    Case::fails("answer_twice", &["the plugin crashed"]).asynchronous(),
];
