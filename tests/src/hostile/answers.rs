//! What a guest returns.

use super::case::Case;

const BROKEN: &[&str] = &[
    "the plugin crashed: it broke the rules of calls between it and the host (",
    "its bindings may be broken",
];

pub(super) const CASES: &[Case] = &[
    Case::fails("return_an_empty_token", &["cannot go on in another job"]),
    Case::fails("return_a_long_token", &["cannot go on in another job"]),
    Case::fails(
        "forge_a_host_token",
        &["cannot go on in another job", "pipefitter:"],
    ),
    Case::fails(
        "return_bad_names",
        &[
            "returned a result that CodePipeline does not take",
            "no name!",
        ],
    ),
    Case::fails("return_a_name_twice", &["the name `same` more than once"]),
    Case::fails(
        "return_large_variables",
        &["returned a result that CodePipeline does not take"],
    ),
    Case::fails("return_a_long_message", &["beginning long long"]).and(|seen| {
        let (_, message) = seen.result.failure();
        let units = message.encode_utf16().count();
        assert!((4900..=5000).contains(&units), "{units}");
    }),
    Case::fails(
        "return_an_empty_message",
        &["the action failed and gave no message"],
    ),
    Case::fails("point_outside_its_memory", BROKEN).text(),
    Case::fails("return_an_unknown_case", BROKEN).text(),
    Case::fails("return_what_is_no_text", BROKEN).text(),
    Case::fails("return_an_endless_list", BROKEN).text(),
    Case::fails("break_its_allocator", BROKEN).text(),
];
