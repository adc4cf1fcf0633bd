//! The shapes of third-party job operations, and of GetActionType; see [`super::shapes`].

use super::schema::Shape::{self, Int, Struct};
use super::schema::{ANY, Pattern, Text};
use super::shapes::{
    ACTION_TYPE_ID, CATEGORY, CURRENT_REVISION, EXECUTION_DETAILS, FAILURE_DETAILS, NONCE,
    PROVIDER, VERSION, opt, req,
};

const ACTION_TYPE_OWNER: Pattern = Pattern {
    text: "AWS|ThirdParty",
    matches: |text| matches!(text, "AWS" | "ThirdParty"),
};

static JOB_ID: Shape = Shape::Text(Text::of(1, 512));
static CLIENT_TOKEN: Shape = Shape::Text(Text::of(1, 256).sensitive());

pub(super) static GET_ACTION_TYPE: Shape = Struct(&[
    req("category", &CATEGORY),
    req(
        "owner",
        &Shape::Text(Text::matching(0, ANY, ACTION_TYPE_OWNER)),
    ),
    req("provider", &PROVIDER),
    req("version", &VERSION),
]);
pub(super) static POLL_FOR_THIRD_PARTY_JOBS: Shape = Struct(&[
    req("actionTypeId", &ACTION_TYPE_ID),
    opt(
        "maxBatchSize",
        &Int {
            min: 1,
            max: i64::MAX,
        },
    ),
]);
pub(super) static GET_THIRD_PARTY_JOB_DETAILS: Shape =
    Struct(&[req("jobId", &JOB_ID), req("clientToken", &CLIENT_TOKEN)]);
pub(super) static ACKNOWLEDGE_THIRD_PARTY_JOB: Shape = Struct(&[
    req("jobId", &JOB_ID),
    req("nonce", &NONCE),
    req("clientToken", &CLIENT_TOKEN),
]);
pub(super) static PUT_THIRD_PARTY_JOB_SUCCESS_RESULT: Shape = Struct(&[
    req("jobId", &JOB_ID),
    req("clientToken", &CLIENT_TOKEN),
    opt("currentRevision", &CURRENT_REVISION),
    opt(
        "continuationToken",
        &Shape::Text(Text::of(1, 2048).sensitive()),
    ),
    opt("executionDetails", &EXECUTION_DETAILS),
]);
pub(super) static PUT_THIRD_PARTY_JOB_FAILURE_RESULT: Shape = Struct(&[
    req("jobId", &JOB_ID),
    req("clientToken", &CLIENT_TOKEN),
    req("failureDetails", &FAILURE_DETAILS),
]);
