//! The structures, lists and maps in requests.
//!
//! Written by `cargo xtask model` from the model in botocore: not to be edited.

use super::scalars::*;
use crate::pipeline::schema::{ANY, Shape, opt, req};

pub(super) static ACTION_CONFIGURATION_MAP: Shape = Shape::Map {
    key: &ACTION_CONFIGURATION_KEY,
    value: &ACTION_CONFIGURATION_VALUE,
    min: 0,
    max: ANY,
};
pub(super) static ACTION_CONFIGURATION_PROPERTY: Shape = Shape::Struct(&[
    req("name", &ACTION_CONFIGURATION_KEY),
    req("required", &BOOLEAN),
    req("key", &BOOLEAN),
    req("secret", &BOOLEAN),
    opt("queryable", &BOOLEAN),
    opt("description", &DESCRIPTION),
    opt("type", &ACTION_CONFIGURATION_PROPERTY_TYPE),
]);
pub(super) static ACTION_CONFIGURATION_PROPERTY_LIST: Shape = Shape::List {
    member: &ACTION_CONFIGURATION_PROPERTY,
    min: 0,
    max: 10,
};
pub(super) static ACTION_DECLARATION: Shape = Shape::Struct(&[
    req("name", &ACTION_NAME),
    req("actionTypeId", &ACTION_TYPE_ID),
    opt("runOrder", &ACTION_RUN_ORDER),
    opt("configuration", &ACTION_CONFIGURATION_MAP),
    opt("commands", &COMMAND_LIST),
    opt("outputArtifacts", &OUTPUT_ARTIFACT_LIST),
    opt("inputArtifacts", &INPUT_ARTIFACT_LIST),
    opt("outputVariables", &OUTPUT_VARIABLE_LIST),
    opt("roleArn", &ROLE_ARN),
    opt("region", &AWS_REGION_NAME),
    opt("namespace", &ACTION_NAMESPACE),
    opt("timeoutInMinutes", &ACTION_TIMEOUT),
    opt("environmentVariables", &ENVIRONMENT_VARIABLE_LIST),
]);
pub(super) static ACTION_EXECUTION_FILTER: Shape = Shape::Struct(&[
    opt("pipelineExecutionId", &PIPELINE_EXECUTION_ID),
    opt(
        "latestInPipelineExecution",
        &LATEST_IN_PIPELINE_EXECUTION_FILTER,
    ),
]);
pub(super) static ACTION_REVISION: Shape = Shape::Struct(&[
    req("revisionId", &REVISION),
    req("revisionChangeId", &REVISION_CHANGE_IDENTIFIER),
    req("created", &TIMESTAMP),
]);
pub(super) static ACTION_TYPE_ARTIFACT_DETAILS: Shape = Shape::Struct(&[
    req("minimumCount", &MINIMUM_ACTION_TYPE_ARTIFACT_COUNT),
    req("maximumCount", &MAXIMUM_ACTION_TYPE_ARTIFACT_COUNT),
]);
pub(super) static ACTION_TYPE_DECLARATION: Shape = Shape::Struct(&[
    opt("description", &ACTION_TYPE_DESCRIPTION),
    req("executor", &ACTION_TYPE_EXECUTOR),
    req("id", &ACTION_TYPE_IDENTIFIER),
    req("inputArtifactDetails", &ACTION_TYPE_ARTIFACT_DETAILS),
    req("outputArtifactDetails", &ACTION_TYPE_ARTIFACT_DETAILS),
    opt("permissions", &ACTION_TYPE_PERMISSIONS),
    opt("properties", &ACTION_TYPE_PROPERTIES),
    opt("urls", &ACTION_TYPE_URLS),
]);
pub(super) static ACTION_TYPE_EXECUTOR: Shape = Shape::Struct(&[
    req("configuration", &EXECUTOR_CONFIGURATION),
    req("type", &EXECUTOR_TYPE),
    opt("policyStatementsTemplate", &POLICY_STATEMENTS_TEMPLATE),
    opt("jobTimeout", &JOB_TIMEOUT),
]);
pub(super) static ACTION_TYPE_ID: Shape = Shape::Struct(&[
    req("category", &ACTION_CATEGORY),
    req("owner", &ACTION_OWNER),
    req("provider", &ACTION_PROVIDER),
    req("version", &VERSION),
]);
pub(super) static ACTION_TYPE_IDENTIFIER: Shape = Shape::Struct(&[
    req("category", &ACTION_CATEGORY),
    req("owner", &ACTION_TYPE_OWNER),
    req("provider", &ACTION_PROVIDER),
    req("version", &VERSION),
]);
pub(super) static ACTION_TYPE_PERMISSIONS: Shape =
    Shape::Struct(&[req("allowedAccounts", &ALLOWED_ACCOUNTS)]);
pub(super) static ACTION_TYPE_PROPERTIES: Shape = Shape::List {
    member: &ACTION_TYPE_PROPERTY,
    min: 0,
    max: 10,
};
pub(super) static ACTION_TYPE_PROPERTY: Shape = Shape::Struct(&[
    req("name", &ACTION_CONFIGURATION_KEY),
    req("optional", &BOOLEAN),
    req("key", &BOOLEAN),
    req("noEcho", &BOOLEAN),
    opt("queryable", &BOOLEAN),
    opt("description", &PROPERTY_DESCRIPTION),
]);
pub(super) static ACTION_TYPE_SETTINGS: Shape = Shape::Struct(&[
    opt("thirdPartyConfigurationUrl", &URL),
    opt("entityUrlTemplate", &URL_TEMPLATE),
    opt("executionUrlTemplate", &URL_TEMPLATE),
    opt("revisionUrlTemplate", &URL_TEMPLATE),
]);
pub(super) static ACTION_TYPE_URLS: Shape = Shape::Struct(&[
    opt("configurationUrl", &URL),
    opt("entityUrlTemplate", &URL_TEMPLATE),
    opt("executionUrlTemplate", &URL_TEMPLATE),
    opt("revisionUrlTemplate", &URL_TEMPLATE),
]);
pub(super) static ALLOWED_ACCOUNTS: Shape = Shape::List {
    member: &ALLOWED_ACCOUNT,
    min: 1,
    max: 1000,
};
pub(super) static APPROVAL_RESULT: Shape = Shape::Struct(&[
    req("summary", &APPROVAL_SUMMARY),
    req("status", &APPROVAL_STATUS),
]);
pub(super) static ARTIFACT_DETAILS: Shape = Shape::Struct(&[
    req("minimumCount", &MINIMUM_ARTIFACT_COUNT),
    req("maximumCount", &MAXIMUM_ARTIFACT_COUNT),
]);
pub(super) static ARTIFACT_STORE: Shape = Shape::Struct(&[
    req("type", &ARTIFACT_STORE_TYPE),
    req("location", &ARTIFACT_STORE_LOCATION),
    opt("encryptionKey", &ENCRYPTION_KEY),
]);
pub(super) static ARTIFACT_STORE_MAP: Shape = Shape::Map {
    key: &AWS_REGION_NAME,
    value: &ARTIFACT_STORE,
    min: 0,
    max: ANY,
};
pub(super) static BEFORE_ENTRY_CONDITIONS: Shape =
    Shape::Struct(&[req("conditions", &CONDITION_LIST)]);
pub(super) static BLOCKER_DECLARATION: Shape =
    Shape::Struct(&[req("name", &BLOCKER_NAME), req("type", &BLOCKER_TYPE)]);
pub(super) static COMMAND_LIST: Shape = Shape::List {
    member: &COMMAND,
    min: 1,
    max: 50,
};
pub(super) static CONDITION: Shape =
    Shape::Struct(&[opt("result", &RESULT), opt("rules", &RULE_DECLARATION_LIST)]);
pub(super) static CONDITION_LIST: Shape = Shape::List {
    member: &CONDITION,
    min: 1,
    max: 1,
};
pub(super) static CURRENT_REVISION: Shape = Shape::Struct(&[
    req("revision", &REVISION),
    req("changeIdentifier", &REVISION_CHANGE_IDENTIFIER),
    opt("created", &TIME),
    opt("revisionSummary", &REVISION_SUMMARY),
]);
pub(super) static ENCRYPTION_KEY: Shape = Shape::Struct(&[
    req("id", &ENCRYPTION_KEY_ID),
    req("type", &ENCRYPTION_KEY_TYPE),
]);
pub(super) static ENVIRONMENT_VARIABLE: Shape = Shape::Struct(&[
    req("name", &ENVIRONMENT_VARIABLE_NAME),
    req("value", &ENVIRONMENT_VARIABLE_VALUE),
    opt("type", &ENVIRONMENT_VARIABLE_TYPE),
]);
pub(super) static ENVIRONMENT_VARIABLE_LIST: Shape = Shape::List {
    member: &ENVIRONMENT_VARIABLE,
    min: 1,
    max: 10,
};
pub(super) static EXECUTION_DETAILS: Shape = Shape::Struct(&[
    opt("summary", &EXECUTION_SUMMARY),
    opt("externalExecutionId", &EXECUTION_ID),
    opt("percentComplete", &PERCENTAGE),
]);
pub(super) static EXECUTOR_CONFIGURATION: Shape = Shape::Struct(&[
    opt(
        "lambdaExecutorConfiguration",
        &LAMBDA_EXECUTOR_CONFIGURATION,
    ),
    opt(
        "jobWorkerExecutorConfiguration",
        &JOB_WORKER_EXECUTOR_CONFIGURATION,
    ),
]);
pub(super) static FAILURE_CONDITIONS: Shape = Shape::Struct(&[
    opt("result", &RESULT),
    opt("retryConfiguration", &RETRY_CONFIGURATION),
    opt("conditions", &CONDITION_LIST),
]);
pub(super) static FAILURE_DETAILS: Shape = Shape::Struct(&[
    req("type", &FAILURE_TYPE),
    req("message", &MESSAGE),
    opt("externalExecutionId", &EXECUTION_ID),
]);
pub(super) static FILE_PATH_LIST: Shape = Shape::List {
    member: &FILE_PATH,
    min: 1,
    max: 10,
};
pub(super) static GIT_BRANCH_FILTER_CRITERIA: Shape = Shape::Struct(&[
    opt("includes", &GIT_BRANCH_PATTERN_LIST),
    opt("excludes", &GIT_BRANCH_PATTERN_LIST),
]);
pub(super) static GIT_BRANCH_PATTERN_LIST: Shape = Shape::List {
    member: &GIT_BRANCH_NAME_PATTERN,
    min: 1,
    max: 8,
};
pub(super) static GIT_CONFIGURATION: Shape = Shape::Struct(&[
    req("sourceActionName", &ACTION_NAME),
    opt("push", &GIT_PUSH_FILTER_LIST),
    opt("pullRequest", &GIT_PULL_REQUEST_FILTER_LIST),
]);
pub(super) static GIT_FILE_PATH_FILTER_CRITERIA: Shape = Shape::Struct(&[
    opt("includes", &GIT_FILE_PATH_PATTERN_LIST),
    opt("excludes", &GIT_FILE_PATH_PATTERN_LIST),
]);
pub(super) static GIT_FILE_PATH_PATTERN_LIST: Shape = Shape::List {
    member: &GIT_FILE_PATH_PATTERN,
    min: 1,
    max: 8,
};
pub(super) static GIT_PULL_REQUEST_EVENT_TYPE_LIST: Shape = Shape::List {
    member: &GIT_PULL_REQUEST_EVENT_TYPE,
    min: 1,
    max: 3,
};
pub(super) static GIT_PULL_REQUEST_FILTER: Shape = Shape::Struct(&[
    opt("events", &GIT_PULL_REQUEST_EVENT_TYPE_LIST),
    opt("branches", &GIT_BRANCH_FILTER_CRITERIA),
    opt("filePaths", &GIT_FILE_PATH_FILTER_CRITERIA),
]);
pub(super) static GIT_PULL_REQUEST_FILTER_LIST: Shape = Shape::List {
    member: &GIT_PULL_REQUEST_FILTER,
    min: 1,
    max: 3,
};
pub(super) static GIT_PUSH_FILTER: Shape = Shape::Struct(&[
    opt("tags", &GIT_TAG_FILTER_CRITERIA),
    opt("branches", &GIT_BRANCH_FILTER_CRITERIA),
    opt("filePaths", &GIT_FILE_PATH_FILTER_CRITERIA),
]);
pub(super) static GIT_PUSH_FILTER_LIST: Shape = Shape::List {
    member: &GIT_PUSH_FILTER,
    min: 1,
    max: 3,
};
pub(super) static GIT_TAG_FILTER_CRITERIA: Shape = Shape::Struct(&[
    opt("includes", &GIT_TAG_PATTERN_LIST),
    opt("excludes", &GIT_TAG_PATTERN_LIST),
]);
pub(super) static GIT_TAG_PATTERN_LIST: Shape = Shape::List {
    member: &GIT_TAG_NAME_PATTERN,
    min: 1,
    max: 8,
};
pub(super) static INPUT_ARTIFACT: Shape = Shape::Struct(&[req("name", &ARTIFACT_NAME)]);
pub(super) static INPUT_ARTIFACT_LIST: Shape = Shape::List {
    member: &INPUT_ARTIFACT,
    min: 0,
    max: ANY,
};
pub(super) static JOB_WORKER_EXECUTOR_CONFIGURATION: Shape = Shape::Struct(&[
    opt("pollingAccounts", &POLLING_ACCOUNT_LIST),
    opt("pollingServicePrincipals", &POLLING_SERVICE_PRINCIPAL_LIST),
]);
pub(super) static LAMBDA_EXECUTOR_CONFIGURATION: Shape =
    Shape::Struct(&[req("lambdaFunctionArn", &LAMBDA_FUNCTION_ARN)]);
pub(super) static LATEST_IN_PIPELINE_EXECUTION_FILTER: Shape = Shape::Struct(&[
    req("pipelineExecutionId", &PIPELINE_EXECUTION_ID),
    req("startTimeRange", &START_TIME_RANGE),
]);
pub(super) static OUTPUT_ARTIFACT: Shape =
    Shape::Struct(&[req("name", &ARTIFACT_NAME), opt("files", &FILE_PATH_LIST)]);
pub(super) static OUTPUT_ARTIFACT_LIST: Shape = Shape::List {
    member: &OUTPUT_ARTIFACT,
    min: 0,
    max: ANY,
};
pub(super) static OUTPUT_VARIABLE_LIST: Shape = Shape::List {
    member: &OUTPUT_VARIABLE,
    min: 1,
    max: 15,
};
pub(super) static OUTPUT_VARIABLES_MAP: Shape = Shape::Map {
    key: &OUTPUT_VARIABLES_KEY,
    value: &OUTPUT_VARIABLES_VALUE,
    min: 0,
    max: ANY,
};
pub(super) static PIPELINE_DECLARATION: Shape = Shape::Struct(&[
    req("name", &PIPELINE_NAME),
    req("roleArn", &ROLE_ARN),
    opt("artifactStore", &ARTIFACT_STORE),
    opt("artifactStores", &ARTIFACT_STORE_MAP),
    req("stages", &PIPELINE_STAGE_DECLARATION_LIST),
    opt("version", &PIPELINE_VERSION),
    opt("executionMode", &EXECUTION_MODE),
    opt("pipelineType", &PIPELINE_TYPE),
    opt("variables", &PIPELINE_VARIABLE_DECLARATION_LIST),
    opt("triggers", &PIPELINE_TRIGGER_DECLARATION_LIST),
]);
pub(super) static PIPELINE_EXECUTION_FILTER: Shape =
    Shape::Struct(&[opt("succeededInStage", &SUCCEEDED_IN_STAGE_FILTER)]);
pub(super) static PIPELINE_STAGE_DECLARATION_LIST: Shape = Shape::List {
    member: &STAGE_DECLARATION,
    min: 0,
    max: ANY,
};
pub(super) static PIPELINE_TRIGGER_DECLARATION: Shape = Shape::Struct(&[
    req("providerType", &PIPELINE_TRIGGER_PROVIDER_TYPE),
    req("gitConfiguration", &GIT_CONFIGURATION),
]);
pub(super) static PIPELINE_TRIGGER_DECLARATION_LIST: Shape = Shape::List {
    member: &PIPELINE_TRIGGER_DECLARATION,
    min: 0,
    max: 50,
};
pub(super) static PIPELINE_VARIABLE: Shape = Shape::Struct(&[
    req("name", &PIPELINE_VARIABLE_NAME),
    req("value", &PIPELINE_VARIABLE_VALUE),
]);
pub(super) static PIPELINE_VARIABLE_DECLARATION: Shape = Shape::Struct(&[
    req("name", &PIPELINE_VARIABLE_NAME),
    opt("defaultValue", &PIPELINE_VARIABLE_VALUE),
    opt("description", &PIPELINE_VARIABLE_DESCRIPTION),
]);
pub(super) static PIPELINE_VARIABLE_DECLARATION_LIST: Shape = Shape::List {
    member: &PIPELINE_VARIABLE_DECLARATION,
    min: 0,
    max: 50,
};
pub(super) static PIPELINE_VARIABLE_LIST: Shape = Shape::List {
    member: &PIPELINE_VARIABLE,
    min: 1,
    max: 50,
};
pub(super) static POLLING_ACCOUNT_LIST: Shape = Shape::List {
    member: &ACCOUNT_ID,
    min: 1,
    max: 1000,
};
pub(super) static POLLING_SERVICE_PRINCIPAL_LIST: Shape = Shape::List {
    member: &SERVICE_PRINCIPAL,
    min: 1,
    max: 10,
};
pub(super) static QUERY_PARAM_MAP: Shape = Shape::Map {
    key: &ACTION_CONFIGURATION_KEY,
    value: &ACTION_CONFIGURATION_QUERYABLE_VALUE,
    min: 0,
    max: 1,
};
pub(super) static RETRY_CONFIGURATION: Shape =
    Shape::Struct(&[opt("retryMode", &STAGE_RETRY_MODE)]);
pub(super) static RULE_CONFIGURATION_MAP: Shape = Shape::Map {
    key: &RULE_CONFIGURATION_KEY,
    value: &RULE_CONFIGURATION_VALUE,
    min: 0,
    max: 200,
};
pub(super) static RULE_DECLARATION: Shape = Shape::Struct(&[
    req("name", &RULE_NAME),
    req("ruleTypeId", &RULE_TYPE_ID),
    opt("configuration", &RULE_CONFIGURATION_MAP),
    opt("commands", &COMMAND_LIST),
    opt("inputArtifacts", &INPUT_ARTIFACT_LIST),
    opt("roleArn", &ROLE_ARN),
    opt("region", &AWS_REGION_NAME),
    opt("timeoutInMinutes", &RULE_TIMEOUT),
]);
pub(super) static RULE_DECLARATION_LIST: Shape = Shape::List {
    member: &RULE_DECLARATION,
    min: 1,
    max: 5,
};
pub(super) static RULE_EXECUTION_FILTER: Shape = Shape::Struct(&[
    opt("pipelineExecutionId", &PIPELINE_EXECUTION_ID),
    opt(
        "latestInPipelineExecution",
        &LATEST_IN_PIPELINE_EXECUTION_FILTER,
    ),
]);
pub(super) static RULE_TYPE_ID: Shape = Shape::Struct(&[
    req("category", &RULE_CATEGORY),
    opt("owner", &RULE_OWNER),
    req("provider", &RULE_PROVIDER),
    opt("version", &VERSION),
]);
pub(super) static SOURCE_REVISION_OVERRIDE: Shape = Shape::Struct(&[
    req("actionName", &ACTION_NAME),
    req("revisionType", &SOURCE_REVISION_TYPE),
    req("revisionValue", &REVISION),
]);
pub(super) static SOURCE_REVISION_OVERRIDE_LIST: Shape = Shape::List {
    member: &SOURCE_REVISION_OVERRIDE,
    min: 0,
    max: 50,
};
pub(super) static STAGE_ACTION_DECLARATION_LIST: Shape = Shape::List {
    member: &ACTION_DECLARATION,
    min: 0,
    max: ANY,
};
pub(super) static STAGE_BLOCKER_DECLARATION_LIST: Shape = Shape::List {
    member: &BLOCKER_DECLARATION,
    min: 0,
    max: ANY,
};
pub(super) static STAGE_DECLARATION: Shape = Shape::Struct(&[
    req("name", &STAGE_NAME),
    opt("blockers", &STAGE_BLOCKER_DECLARATION_LIST),
    req("actions", &STAGE_ACTION_DECLARATION_LIST),
    opt("onFailure", &FAILURE_CONDITIONS),
    opt("onSuccess", &SUCCESS_CONDITIONS),
    opt("beforeEntry", &BEFORE_ENTRY_CONDITIONS),
]);
pub(super) static SUCCEEDED_IN_STAGE_FILTER: Shape =
    Shape::Struct(&[opt("stageName", &STAGE_NAME)]);
pub(super) static SUCCESS_CONDITIONS: Shape = Shape::Struct(&[req("conditions", &CONDITION_LIST)]);
pub(super) static TAG: Shape = Shape::Struct(&[req("key", &TAG_KEY), req("value", &TAG_VALUE)]);
pub(super) static TAG_KEY_LIST: Shape = Shape::List {
    member: &TAG_KEY,
    min: 0,
    max: ANY,
};
pub(super) static TAG_LIST: Shape = Shape::List {
    member: &TAG,
    min: 0,
    max: ANY,
};
pub(super) static TARGET_FILTER: Shape = Shape::Struct(&[
    opt("name", &TARGET_FILTER_NAME),
    opt("values", &TARGET_FILTER_VALUE_LIST),
]);
pub(super) static TARGET_FILTER_LIST: Shape = Shape::List {
    member: &TARGET_FILTER,
    min: 0,
    max: ANY,
};
pub(super) static TARGET_FILTER_VALUE_LIST: Shape = Shape::List {
    member: &TARGET_FILTER_VALUE,
    min: 0,
    max: ANY,
};
pub(super) static WEBHOOK_AUTH_CONFIGURATION: Shape = Shape::Struct(&[
    opt(
        "AllowedIPRange",
        &WEBHOOK_AUTH_CONFIGURATION_ALLOWED_IP_RANGE,
    ),
    opt("SecretToken", &WEBHOOK_AUTH_CONFIGURATION_SECRET_TOKEN),
]);
pub(super) static WEBHOOK_DEFINITION: Shape = Shape::Struct(&[
    req("name", &WEBHOOK_NAME),
    req("targetPipeline", &PIPELINE_NAME),
    req("targetAction", &ACTION_NAME),
    req("filters", &WEBHOOK_FILTERS),
    req("authentication", &WEBHOOK_AUTHENTICATION_TYPE),
    req("authenticationConfiguration", &WEBHOOK_AUTH_CONFIGURATION),
]);
pub(super) static WEBHOOK_FILTER_RULE: Shape = Shape::Struct(&[
    req("jsonPath", &JSON_PATH),
    opt("matchEquals", &MATCH_EQUALS),
]);
pub(super) static WEBHOOK_FILTERS: Shape = Shape::List {
    member: &WEBHOOK_FILTER_RULE,
    min: 0,
    max: 5,
};
