//! Every fault of CodePipeline and S3 at every operation of a worker, as a table in the output. The suites of other answers
//! have this part too.

mod custom;
#[path = "../partner/partner.rs"]
#[allow(
    dead_code,
    clippy::duplicate_mod,
    reason = "the partner's own suite has more uses for it, and is beside this one in others"
)]
mod partner;
mod partners;
