//! What a guest says while it runs: log and progress.

use super::case::{Case, Seen};

/// A secret that needs escaping in every form.
pub(super) const SECRET: &str = "correct-horse/battery+staple&\"quoted\"";

/// The host adds lines of its own and a mark of what was dropped.
const OWN: usize = 4 << 10;

fn lines(seen: &Seen, text: &str) -> usize {
    seen.log.lines().filter(|line| line.contains(text)).count()
}

pub(super) const CASES: &[Case] = &[
    Case::succeeds("flood_the_log")
        .limited(&[("log", "\"64KiB\""), ("log-rate", "1000000")])
        .and(|seen| {
            // Each line has a time and a level besides.
            let most = (64 << 10) + 110 * 32 + OWN;
            assert!(
                seen.log.len() < most,
                "the log has {} bytes",
                seen.log.len()
            );
            assert_eq!(lines(seen, "the log is full: "), 1);
            assert_eq!(lines(seen, "a job of this plugin may write 64 KiB"), 1);
        }),
    Case::succeeds("log_too_fast")
        .limited(&[("log-rate", "50")])
        .and(|seen| {
            let kept = lines(seen, " fast");
            // A second may end while it writes, and on a slow machine more than one.
            assert!((50..=50 * 60).contains(&kept), "{kept}");
            let told = lines(
                seen,
                "lines were dropped here: a job of this plugin may write 50 in a second",
            );
            assert!(told >= 1, "{}", seen.log);
        }),
    Case::succeeds("log_a_line_without_end").and(|seen| {
        assert_eq!(lines(seen, "---"), 1);
        assert_eq!(lines(seen, "- [cut]"), 1);
        assert!(
            seen.log.len() < (8 << 10) + OWN,
            "the log has {} bytes",
            seen.log.len()
        );
    }),
    Case::fails("steer_the_terminal", &["gnp.exe", "in the answer"]).and(|seen| {
        for steers in [
            "\u{1b}", "\u{9b}", "\u{202e}", "\u{2066}", "\u{0}", "\u{8}", "\r",
        ] {
            let (_, message) = seen.result.failure();
            assert!(
                !message.contains(steers) && !seen.log.contains(steers),
                "{steers:?}"
            );
        }
        assert_eq!(lines(seen, "on standard output"), 1);
        assert_eq!(lines(seen, "on standard error"), 1);
        // A line that the guest forged has the host's own time and level before it.
        let forged = |line: &str| line.starts_with("2026-01-01");
        assert!(!seen.log.lines().any(forged), "{}", seen.log);
    }),
    Case::succeeds("log_what_is_no_text").and(|seen| {
        assert_eq!(lines(seen, "no text"), 1, "{}", seen.log);
        assert_eq!(lines(seen, "end"), 2, "{}", seen.log);
    }),
    Case::succeeds("log_a_bomb_of_fields").and(|seen| {
        // Not by the names: of a line that was cut, an end that could begin a secret is masked.
        assert_eq!(lines(seen, "bombbombbomb"), 20);
        assert!(
            seen.log.len() < 20 * (9 << 10) + OWN,
            "the log has {} bytes",
            seen.log.len()
        );
    }),
    Case::succeeds("flood_progress").and(|seen| {
        let shown = seen.result.summary.as_deref().unwrap_or_default();
        // What it said last, as long as CodePipeline takes it.
        assert!(shown.starts_with("99999 pppp"), "{shown}");
        assert!((2000..=2048).contains(&shown.len()), "{}", shown.len());
    }),
    Case::fails("echo_its_secret", &["told "])
        .with(&[("secret", SECRET)])
        .and(|seen| {
            let (_, message) = seen.result.failure();
            for form in FORMS {
                for said in [message, &seen.log] {
                    assert!(!said.contains(form), "{form:?} is told: {said}");
                }
            }
            assert!(lines(seen, "***") >= 16, "{}", seen.log);
        }),
    // A later action would take a mask for the value.
    Case::fails("vary_its_secret", &["output variable `told`"]).with(&[("secret", SECRET)]),
];

/// Forms of [`SECRET`] that nobody may see.
pub(super) const FORMS: &[&str] = &[
    SECRET,
    "correct-horse",
    "staple&",
    // base64, alone and inside something longer
    "Y29ycmVjdC1ob3JzZS9iYXR0ZXJ5",
    "b3JyZWN0LWhvcnNlL2JhdHRlcnkr",
    "cnJlY3QtaG9yc2UvYmF0dGVyeSt",
    // hex
    "636f72726563742d686f727365",
    "636F72726563742D686F727365",
    "horse%2Fbattery",
    "staple&\\\"quoted",
];
