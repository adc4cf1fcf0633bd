//! The request of each operation.
//!
//! Written by `cargo xtask model` from the model in botocore: not to be edited.

use super::scalars::*;
use super::structures::*;
use crate::pipeline::schema::{Shape, opt, req};

/// Every operation of the model with the shape of its request, by name.
pub(in crate::pipeline) static REQUESTS: &[(&str, &Shape)] = &[
    ("AcknowledgeJob", &ACKNOWLEDGE_JOB_INPUT),
    (
        "AcknowledgeThirdPartyJob",
        &ACKNOWLEDGE_THIRD_PARTY_JOB_INPUT,
    ),
    ("CreateCustomActionType", &CREATE_CUSTOM_ACTION_TYPE_INPUT),
    ("CreatePipeline", &CREATE_PIPELINE_INPUT),
    ("DeleteCustomActionType", &DELETE_CUSTOM_ACTION_TYPE_INPUT),
    ("DeletePipeline", &DELETE_PIPELINE_INPUT),
    ("DeleteWebhook", &DELETE_WEBHOOK_INPUT),
    (
        "DeregisterWebhookWithThirdParty",
        &DEREGISTER_WEBHOOK_WITH_THIRD_PARTY_INPUT,
    ),
    ("DisableStageTransition", &DISABLE_STAGE_TRANSITION_INPUT),
    ("EnableStageTransition", &ENABLE_STAGE_TRANSITION_INPUT),
    ("GetActionType", &GET_ACTION_TYPE_INPUT),
    ("GetJobDetails", &GET_JOB_DETAILS_INPUT),
    ("GetPipeline", &GET_PIPELINE_INPUT),
    ("GetPipelineExecution", &GET_PIPELINE_EXECUTION_INPUT),
    ("GetPipelineState", &GET_PIPELINE_STATE_INPUT),
    (
        "GetThirdPartyJobDetails",
        &GET_THIRD_PARTY_JOB_DETAILS_INPUT,
    ),
    ("ListActionExecutions", &LIST_ACTION_EXECUTIONS_INPUT),
    ("ListActionTypes", &LIST_ACTION_TYPES_INPUT),
    (
        "ListDeployActionExecutionTargets",
        &LIST_DEPLOY_ACTION_EXECUTION_TARGETS_INPUT,
    ),
    ("ListPipelineExecutions", &LIST_PIPELINE_EXECUTIONS_INPUT),
    ("ListPipelines", &LIST_PIPELINES_INPUT),
    ("ListRuleExecutions", &LIST_RULE_EXECUTIONS_INPUT),
    ("ListRuleTypes", &LIST_RULE_TYPES_INPUT),
    ("ListTagsForResource", &LIST_TAGS_FOR_RESOURCE_INPUT),
    ("ListWebhooks", &LIST_WEBHOOKS_INPUT),
    ("OverrideStageCondition", &OVERRIDE_STAGE_CONDITION_INPUT),
    ("PollForJobs", &POLL_FOR_JOBS_INPUT),
    ("PollForThirdPartyJobs", &POLL_FOR_THIRD_PARTY_JOBS_INPUT),
    ("PutActionRevision", &PUT_ACTION_REVISION_INPUT),
    ("PutApprovalResult", &PUT_APPROVAL_RESULT_INPUT),
    ("PutJobFailureResult", &PUT_JOB_FAILURE_RESULT_INPUT),
    ("PutJobSuccessResult", &PUT_JOB_SUCCESS_RESULT_INPUT),
    (
        "PutThirdPartyJobFailureResult",
        &PUT_THIRD_PARTY_JOB_FAILURE_RESULT_INPUT,
    ),
    (
        "PutThirdPartyJobSuccessResult",
        &PUT_THIRD_PARTY_JOB_SUCCESS_RESULT_INPUT,
    ),
    ("PutWebhook", &PUT_WEBHOOK_INPUT),
    (
        "RegisterWebhookWithThirdParty",
        &REGISTER_WEBHOOK_WITH_THIRD_PARTY_INPUT,
    ),
    ("RetryStageExecution", &RETRY_STAGE_EXECUTION_INPUT),
    ("RollbackStage", &ROLLBACK_STAGE_INPUT),
    ("StartPipelineExecution", &START_PIPELINE_EXECUTION_INPUT),
    ("StopPipelineExecution", &STOP_PIPELINE_EXECUTION_INPUT),
    ("TagResource", &TAG_RESOURCE_INPUT),
    ("UntagResource", &UNTAG_RESOURCE_INPUT),
    ("UpdateActionType", &UPDATE_ACTION_TYPE_INPUT),
    ("UpdatePipeline", &UPDATE_PIPELINE_INPUT),
];

static ACKNOWLEDGE_JOB_INPUT: Shape = Shape::Struct(&[req("jobId", &JOB_ID), req("nonce", &NONCE)]);
static ACKNOWLEDGE_THIRD_PARTY_JOB_INPUT: Shape = Shape::Struct(&[
    req("jobId", &THIRD_PARTY_JOB_ID),
    req("nonce", &NONCE),
    req("clientToken", &CLIENT_TOKEN),
]);
static CREATE_CUSTOM_ACTION_TYPE_INPUT: Shape = Shape::Struct(&[
    req("category", &ACTION_CATEGORY),
    req("provider", &ACTION_PROVIDER),
    req("version", &VERSION),
    opt("settings", &ACTION_TYPE_SETTINGS),
    opt(
        "configurationProperties",
        &ACTION_CONFIGURATION_PROPERTY_LIST,
    ),
    req("inputArtifactDetails", &ARTIFACT_DETAILS),
    req("outputArtifactDetails", &ARTIFACT_DETAILS),
    opt("tags", &TAG_LIST),
]);
static CREATE_PIPELINE_INPUT: Shape = Shape::Struct(&[
    req("pipeline", &PIPELINE_DECLARATION),
    opt("tags", &TAG_LIST),
]);
static DELETE_CUSTOM_ACTION_TYPE_INPUT: Shape = Shape::Struct(&[
    req("category", &ACTION_CATEGORY),
    req("provider", &ACTION_PROVIDER),
    req("version", &VERSION),
]);
static DELETE_PIPELINE_INPUT: Shape = Shape::Struct(&[req("name", &PIPELINE_NAME)]);
static DELETE_WEBHOOK_INPUT: Shape = Shape::Struct(&[req("name", &WEBHOOK_NAME)]);
static DEREGISTER_WEBHOOK_WITH_THIRD_PARTY_INPUT: Shape =
    Shape::Struct(&[opt("webhookName", &WEBHOOK_NAME)]);
static DISABLE_STAGE_TRANSITION_INPUT: Shape = Shape::Struct(&[
    req("pipelineName", &PIPELINE_NAME),
    req("stageName", &STAGE_NAME),
    req("transitionType", &STAGE_TRANSITION_TYPE),
    req("reason", &DISABLED_REASON),
]);
static ENABLE_STAGE_TRANSITION_INPUT: Shape = Shape::Struct(&[
    req("pipelineName", &PIPELINE_NAME),
    req("stageName", &STAGE_NAME),
    req("transitionType", &STAGE_TRANSITION_TYPE),
]);
static GET_ACTION_TYPE_INPUT: Shape = Shape::Struct(&[
    req("category", &ACTION_CATEGORY),
    req("owner", &ACTION_TYPE_OWNER),
    req("provider", &ACTION_PROVIDER),
    req("version", &VERSION),
]);
static GET_JOB_DETAILS_INPUT: Shape = Shape::Struct(&[req("jobId", &JOB_ID)]);
static GET_PIPELINE_EXECUTION_INPUT: Shape = Shape::Struct(&[
    req("pipelineName", &PIPELINE_NAME),
    req("pipelineExecutionId", &PIPELINE_EXECUTION_ID),
]);
static GET_PIPELINE_INPUT: Shape = Shape::Struct(&[
    req("name", &PIPELINE_NAME),
    opt("version", &PIPELINE_VERSION),
]);
static GET_PIPELINE_STATE_INPUT: Shape = Shape::Struct(&[req("name", &PIPELINE_NAME)]);
static GET_THIRD_PARTY_JOB_DETAILS_INPUT: Shape = Shape::Struct(&[
    req("jobId", &THIRD_PARTY_JOB_ID),
    req("clientToken", &CLIENT_TOKEN),
]);
static LIST_ACTION_EXECUTIONS_INPUT: Shape = Shape::Struct(&[
    req("pipelineName", &PIPELINE_NAME),
    opt("filter", &ACTION_EXECUTION_FILTER),
    opt("maxResults", &MAX_RESULTS),
    opt("nextToken", &NEXT_TOKEN),
]);
static LIST_ACTION_TYPES_INPUT: Shape = Shape::Struct(&[
    opt("actionOwnerFilter", &ACTION_OWNER),
    opt("nextToken", &NEXT_TOKEN),
    opt("regionFilter", &AWS_REGION_NAME),
]);
static LIST_DEPLOY_ACTION_EXECUTION_TARGETS_INPUT: Shape = Shape::Struct(&[
    opt("pipelineName", &PIPELINE_NAME),
    req("actionExecutionId", &ACTION_EXECUTION_ID),
    opt("filters", &TARGET_FILTER_LIST),
    opt("maxResults", &MAX_RESULTS),
    opt("nextToken", &NEXT_TOKEN),
]);
static LIST_PIPELINE_EXECUTIONS_INPUT: Shape = Shape::Struct(&[
    req("pipelineName", &PIPELINE_NAME),
    opt("maxResults", &MAX_RESULTS),
    opt("filter", &PIPELINE_EXECUTION_FILTER),
    opt("nextToken", &NEXT_TOKEN),
]);
static LIST_PIPELINES_INPUT: Shape = Shape::Struct(&[
    opt("nextToken", &NEXT_TOKEN),
    opt("maxResults", &MAX_PIPELINES),
]);
static LIST_RULE_EXECUTIONS_INPUT: Shape = Shape::Struct(&[
    req("pipelineName", &PIPELINE_NAME),
    opt("filter", &RULE_EXECUTION_FILTER),
    opt("maxResults", &MAX_RESULTS),
    opt("nextToken", &NEXT_TOKEN),
]);
static LIST_RULE_TYPES_INPUT: Shape = Shape::Struct(&[
    opt("ruleOwnerFilter", &RULE_OWNER),
    opt("regionFilter", &AWS_REGION_NAME),
]);
static LIST_TAGS_FOR_RESOURCE_INPUT: Shape = Shape::Struct(&[
    req("resourceArn", &RESOURCE_ARN),
    opt("nextToken", &NEXT_TOKEN),
    opt("maxResults", &MAX_RESULTS),
]);
static LIST_WEBHOOKS_INPUT: Shape = Shape::Struct(&[
    opt("NextToken", &NEXT_TOKEN),
    opt("MaxResults", &MAX_RESULTS),
]);
static OVERRIDE_STAGE_CONDITION_INPUT: Shape = Shape::Struct(&[
    req("pipelineName", &PIPELINE_NAME),
    req("stageName", &STAGE_NAME),
    req("pipelineExecutionId", &PIPELINE_EXECUTION_ID),
    req("conditionType", &CONDITION_TYPE),
]);
static POLL_FOR_JOBS_INPUT: Shape = Shape::Struct(&[
    req("actionTypeId", &ACTION_TYPE_ID),
    opt("maxBatchSize", &MAX_BATCH_SIZE),
    opt("queryParam", &QUERY_PARAM_MAP),
]);
static POLL_FOR_THIRD_PARTY_JOBS_INPUT: Shape = Shape::Struct(&[
    req("actionTypeId", &ACTION_TYPE_ID),
    opt("maxBatchSize", &MAX_BATCH_SIZE),
]);
static PUT_ACTION_REVISION_INPUT: Shape = Shape::Struct(&[
    req("pipelineName", &PIPELINE_NAME),
    req("stageName", &STAGE_NAME),
    req("actionName", &ACTION_NAME),
    req("actionRevision", &ACTION_REVISION),
]);
static PUT_APPROVAL_RESULT_INPUT: Shape = Shape::Struct(&[
    req("pipelineName", &PIPELINE_NAME),
    req("stageName", &STAGE_NAME),
    req("actionName", &ACTION_NAME),
    req("result", &APPROVAL_RESULT),
    req("token", &APPROVAL_TOKEN),
]);
static PUT_JOB_FAILURE_RESULT_INPUT: Shape = Shape::Struct(&[
    req("jobId", &JOB_ID),
    req("failureDetails", &FAILURE_DETAILS),
]);
static PUT_JOB_SUCCESS_RESULT_INPUT: Shape = Shape::Struct(&[
    req("jobId", &JOB_ID),
    opt("currentRevision", &CURRENT_REVISION),
    opt("continuationToken", &CONTINUATION_TOKEN),
    opt("executionDetails", &EXECUTION_DETAILS),
    opt("outputVariables", &OUTPUT_VARIABLES_MAP),
]);
static PUT_THIRD_PARTY_JOB_FAILURE_RESULT_INPUT: Shape = Shape::Struct(&[
    req("jobId", &THIRD_PARTY_JOB_ID),
    req("clientToken", &CLIENT_TOKEN),
    req("failureDetails", &FAILURE_DETAILS),
]);
static PUT_THIRD_PARTY_JOB_SUCCESS_RESULT_INPUT: Shape = Shape::Struct(&[
    req("jobId", &THIRD_PARTY_JOB_ID),
    req("clientToken", &CLIENT_TOKEN),
    opt("currentRevision", &CURRENT_REVISION),
    opt("continuationToken", &CONTINUATION_TOKEN),
    opt("executionDetails", &EXECUTION_DETAILS),
]);
static PUT_WEBHOOK_INPUT: Shape =
    Shape::Struct(&[req("webhook", &WEBHOOK_DEFINITION), opt("tags", &TAG_LIST)]);
static REGISTER_WEBHOOK_WITH_THIRD_PARTY_INPUT: Shape =
    Shape::Struct(&[opt("webhookName", &WEBHOOK_NAME)]);
static RETRY_STAGE_EXECUTION_INPUT: Shape = Shape::Struct(&[
    req("pipelineName", &PIPELINE_NAME),
    req("stageName", &STAGE_NAME),
    req("pipelineExecutionId", &PIPELINE_EXECUTION_ID),
    req("retryMode", &STAGE_RETRY_MODE),
]);
static ROLLBACK_STAGE_INPUT: Shape = Shape::Struct(&[
    req("pipelineName", &PIPELINE_NAME),
    req("stageName", &STAGE_NAME),
    req("targetPipelineExecutionId", &PIPELINE_EXECUTION_ID),
]);
static START_PIPELINE_EXECUTION_INPUT: Shape = Shape::Struct(&[
    req("name", &PIPELINE_NAME),
    opt("variables", &PIPELINE_VARIABLE_LIST),
    opt("clientRequestToken", &CLIENT_REQUEST_TOKEN),
    opt("sourceRevisions", &SOURCE_REVISION_OVERRIDE_LIST),
]);
static STOP_PIPELINE_EXECUTION_INPUT: Shape = Shape::Struct(&[
    req("pipelineName", &PIPELINE_NAME),
    req("pipelineExecutionId", &PIPELINE_EXECUTION_ID),
    opt("abandon", &BOOLEAN),
    opt("reason", &STOP_PIPELINE_EXECUTION_REASON),
]);
static TAG_RESOURCE_INPUT: Shape =
    Shape::Struct(&[req("resourceArn", &RESOURCE_ARN), req("tags", &TAG_LIST)]);
static UNTAG_RESOURCE_INPUT: Shape = Shape::Struct(&[
    req("resourceArn", &RESOURCE_ARN),
    req("tagKeys", &TAG_KEY_LIST),
]);
static UPDATE_ACTION_TYPE_INPUT: Shape =
    Shape::Struct(&[req("actionType", &ACTION_TYPE_DECLARATION)]);
static UPDATE_PIPELINE_INPUT: Shape = Shape::Struct(&[req("pipeline", &PIPELINE_DECLARATION)]);
