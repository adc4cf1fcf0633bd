//! The shapes of the operations that steer executions; see [`super::shapes`].

use super::schema::Shape::{self, Bool, Enum, Struct};
use super::schema::{Pattern, Text};
use super::shapes::{
    CATEGORY, EXECUTION_ID, NAMED, PIPELINE, PROVIDER, TIME, UUID, VERSION, opt, req,
};

const DISABLED_REASON: Pattern = Pattern {
    text: r"[a-zA-Z0-9!@ \(\)\.\*\?\-]+",
    matches: |text| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "!@ ().*?-".contains(c);
        !text.is_empty() && text.chars().all(allowed)
    },
};

static TRANSITION: Shape = Enum(&["Inbound", "Outbound"]);

pub(super) static UPDATE_PIPELINE: Shape = Struct(&[req("pipeline", &PIPELINE)]);
pub(super) static DELETE_CUSTOM_ACTION_TYPE: Shape = Struct(&[
    req("category", &CATEGORY),
    req("provider", &PROVIDER),
    req("version", &VERSION),
]);
pub(super) static STOP_PIPELINE_EXECUTION: Shape = Struct(&[
    req("pipelineName", &NAMED),
    req("pipelineExecutionId", &EXECUTION_ID),
    opt("abandon", &Bool),
    opt("reason", &Shape::Text(Text::of(0, 200))),
]);
pub(super) static RETRY_STAGE_EXECUTION: Shape = Struct(&[
    req("pipelineName", &NAMED),
    req("stageName", &NAMED),
    req("pipelineExecutionId", &EXECUTION_ID),
    req("retryMode", &Enum(&["FAILED_ACTIONS", "ALL_ACTIONS"])),
]);
pub(super) static PUT_APPROVAL_RESULT: Shape = Struct(&[
    req("pipelineName", &NAMED),
    req("stageName", &NAMED),
    req("actionName", &NAMED),
    req(
        "result",
        &Struct(&[
            req("summary", &Shape::Text(Text::of(0, 512))),
            req("status", &Enum(&["Approved", "Rejected"])),
        ]),
    ),
    req(
        "token",
        &Shape::Text(Text::matching(0, super::schema::ANY, UUID)),
    ),
]);
pub(super) static ENABLE_STAGE_TRANSITION: Shape = Struct(&[
    req("pipelineName", &NAMED),
    req("stageName", &NAMED),
    req("transitionType", &TRANSITION),
]);
pub(super) static DISABLE_STAGE_TRANSITION: Shape = Struct(&[
    req("pipelineName", &NAMED),
    req("stageName", &NAMED),
    req("transitionType", &TRANSITION),
    req(
        "reason",
        &Shape::Text(Text::matching(1, 300, DISABLED_REASON)),
    ),
]);
pub(super) static PUT_ACTION_REVISION: Shape = Struct(&[
    req("pipelineName", &NAMED),
    req("stageName", &NAMED),
    req("actionName", &NAMED),
    req(
        "actionRevision",
        &Struct(&[
            req("revisionId", &Shape::Text(Text::of(1, 1500))),
            req("revisionChangeId", &Shape::Text(Text::of(1, 100))),
            req("created", &TIME),
        ]),
    ),
]);
