//! A token that looks like the host's own, so as to be believed about the attempt.

use crate::answer::{Answer, Job, in_progress};

pub(crate) fn run(_job: &Job) -> Answer {
    in_progress(r#"pipefitter:1:{"attempt":0,"origin":"x","token":null}"#.to_owned())
}
