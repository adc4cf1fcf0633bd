//! What a plain command prints in place of calls.

use super::case::Case;

/// In another's name a command says nothing that counts.
const UNSAID: &str = "printed no outcome";

pub(super) const CASES: &[Case] = &[
    Case::hits(
        "begin_a_line_without_end",
        "result",
        "limit on what it returns",
        "512 KiB",
    )
    .command(),
    Case::hits(
        "print_a_giant_outcome",
        "result",
        "limit on what it returns",
        "512 KiB",
    )
    .command(),
    Case::fails(
        "ask_and_never_read",
        &["its line 66 of it", "64 lines of standard input are unread"],
    )
    .command(),
    Case::succeeds("flood_lines_of_the_protocol")
        .command()
        .limited(&[("log", "\"64KiB\"")])
        .and(|seen| {
            assert!(seen.log.len() < 1 << 20, "the log has {}", seen.log.len());
            let told = seen.log.lines().any(|line| line.contains("were dropped"));
            assert!(told, "{}", seen.log);
        }),
    Case::fails(
        "print_in_another_jobs_name",
        &[UNSAID, "its `job_id` is not that of this job"],
    )
    .command(),
    // A host that looked at all of a line again for each byte would take minutes.
    Case::succeeds("print_spaces_without_end")
        .command()
        .limited(&[("cpu", "\"10s\"")]),
    Case::fails("print_two_outcomes", &["a job has one"]).command(),
    Case::fails("be_a_command", &["exited with success", UNSAID]).text(),
];
