//! The strings, value sets, numbers and times in requests, and their patterns.
//!
//! Written by `cargo xtask model` from the model in botocore: not to be edited.

use crate::pipeline::schema::{ANY, Pattern, Shape, Text};

static ENVIRONMENT_VARIABLE_VALUE_PATTERN: Pattern = Pattern::new(".*");
static ACTION_TYPE_OWNER_PATTERN: Pattern = Pattern::new("AWS|ThirdParty");
static ACTION_PROVIDER_PATTERN: Pattern = Pattern::new("[0-9A-Za-z_-]+");
static ACCOUNT_ID_PATTERN: Pattern = Pattern::new("[0-9]{12}");
static ALLOWED_ACCOUNT_PATTERN: Pattern = Pattern::new(r"[0-9]{12}|\*");
static APPROVAL_TOKEN_PATTERN: Pattern =
    Pattern::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
static ACTION_NAME_PATTERN: Pattern = Pattern::new(r"[A-Za-z0-9.@\-_]+");
static ACTION_NAMESPACE_PATTERN: Pattern = Pattern::new(r"[A-Za-z0-9@\-_]+");
static ENVIRONMENT_VARIABLE_NAME_PATTERN: Pattern = Pattern::new("[A-Za-z0-9_]+");
static DISABLED_REASON_PATTERN: Pattern = Pattern::new(r"[a-zA-Z0-9!@ \(\)\.\*\?\-]+");
static ARTIFACT_STORE_LOCATION_PATTERN: Pattern = Pattern::new(r"[a-zA-Z0-9\-\.]+");
static ACTION_CONFIGURATION_QUERYABLE_VALUE_PATTERN: Pattern = Pattern::new("[a-zA-Z0-9_-]+");
static ARTIFACT_NAME_PATTERN: Pattern = Pattern::new(r"[a-zA-Z0-9_\-]+");
static CLIENT_REQUEST_TOKEN_PATTERN: Pattern = Pattern::new("^[a-zA-Z0-9-]+$");
static RESOURCE_ARN_PATTERN: Pattern =
    Pattern::new(r"arn:aws(-[\w]+)*:codepipeline:.+:[0-9]{12}:.+");
static ROLE_ARN_PATTERN: Pattern = Pattern::new(r"arn:aws(-[\w]+)*:iam::[0-9]{12}:role/.*");
static LAMBDA_FUNCTION_ARN_PATTERN: Pattern =
    Pattern::new(r"arn:aws(-[\w]+)*:lambda:.+:[0-9]{12}:function:.+");

pub(super) static AWS_REGION_NAME: Shape = Shape::Text(Text::of(4, 30));
pub(super) static ACCOUNT_ID: Shape = Shape::Text(Text::of(0, ANY).matching(&ACCOUNT_ID_PATTERN));
pub(super) static ACTION_CATEGORY: Shape = Shape::Enum(&[
    "Source", "Build", "Deploy", "Test", "Invoke", "Approval", "Compute",
]);
pub(super) static ACTION_CONFIGURATION_KEY: Shape = Shape::Text(Text::of(1, 50));
pub(super) static ACTION_CONFIGURATION_PROPERTY_TYPE: Shape =
    Shape::Enum(&["String", "Number", "Boolean"]);
pub(super) static ACTION_CONFIGURATION_QUERYABLE_VALUE: Shape = Shape::Text(
    Text::of(1, 50)
        .matching(&ACTION_CONFIGURATION_QUERYABLE_VALUE_PATTERN)
        .sensitive(),
);
pub(super) static ACTION_CONFIGURATION_VALUE: Shape = Shape::Text(Text::of(1, 1000).sensitive());
pub(super) static ACTION_EXECUTION_ID: Shape = Shape::Text(Text::of(0, ANY));
pub(super) static ACTION_NAME: Shape = Shape::Text(Text::of(1, 100).matching(&ACTION_NAME_PATTERN));
pub(super) static ACTION_NAMESPACE: Shape =
    Shape::Text(Text::of(1, 100).matching(&ACTION_NAMESPACE_PATTERN));
pub(super) static ACTION_OWNER: Shape = Shape::Enum(&["AWS", "ThirdParty", "Custom"]);
pub(super) static ACTION_PROVIDER: Shape =
    Shape::Text(Text::of(1, 35).matching(&ACTION_PROVIDER_PATTERN));
pub(super) static ACTION_RUN_ORDER: Shape = Shape::Int { min: 1, max: 999 };
pub(super) static ACTION_TIMEOUT: Shape = Shape::Int { min: 5, max: 86400 };
pub(super) static ACTION_TYPE_DESCRIPTION: Shape = Shape::Text(Text::of(1, 1024));
pub(super) static ACTION_TYPE_OWNER: Shape =
    Shape::Text(Text::of(0, ANY).matching(&ACTION_TYPE_OWNER_PATTERN));
pub(super) static ALLOWED_ACCOUNT: Shape =
    Shape::Text(Text::of(0, ANY).matching(&ALLOWED_ACCOUNT_PATTERN));
pub(super) static APPROVAL_STATUS: Shape = Shape::Enum(&["Approved", "Rejected"]);
pub(super) static APPROVAL_SUMMARY: Shape = Shape::Text(Text::of(0, 512));
pub(super) static APPROVAL_TOKEN: Shape = Shape::Text(
    Text::of(0, ANY)
        .matching(&APPROVAL_TOKEN_PATTERN)
        .sensitive(),
);
pub(super) static ARTIFACT_NAME: Shape =
    Shape::Text(Text::of(1, 100).matching(&ARTIFACT_NAME_PATTERN));
pub(super) static ARTIFACT_STORE_LOCATION: Shape =
    Shape::Text(Text::of(3, 63).matching(&ARTIFACT_STORE_LOCATION_PATTERN));
pub(super) static ARTIFACT_STORE_TYPE: Shape = Shape::Enum(&["S3"]);
pub(super) static BLOCKER_NAME: Shape = Shape::Text(Text::of(1, 100));
pub(super) static BLOCKER_TYPE: Shape = Shape::Enum(&["Schedule"]);
pub(super) static BOOLEAN: Shape = Shape::Bool;
pub(super) static CLIENT_REQUEST_TOKEN: Shape =
    Shape::Text(Text::of(1, 128).matching(&CLIENT_REQUEST_TOKEN_PATTERN));
pub(super) static CLIENT_TOKEN: Shape = Shape::Text(Text::of(1, 256).sensitive());
pub(super) static COMMAND: Shape = Shape::Text(Text::of(1, 1000));
pub(super) static CONDITION_TYPE: Shape = Shape::Enum(&["BEFORE_ENTRY", "ON_SUCCESS"]);
pub(super) static CONTINUATION_TOKEN: Shape = Shape::Text(Text::of(1, 2048).sensitive());
pub(super) static DESCRIPTION: Shape = Shape::Text(Text::of(1, 160));
pub(super) static DISABLED_REASON: Shape =
    Shape::Text(Text::of(1, 300).matching(&DISABLED_REASON_PATTERN));
pub(super) static ENCRYPTION_KEY_ID: Shape = Shape::Text(Text::of(1, 400));
pub(super) static ENCRYPTION_KEY_TYPE: Shape = Shape::Enum(&["KMS"]);
pub(super) static ENVIRONMENT_VARIABLE_NAME: Shape =
    Shape::Text(Text::of(1, 128).matching(&ENVIRONMENT_VARIABLE_NAME_PATTERN));
pub(super) static ENVIRONMENT_VARIABLE_TYPE: Shape = Shape::Enum(&["PLAINTEXT", "SECRETS_MANAGER"]);
pub(super) static ENVIRONMENT_VARIABLE_VALUE: Shape = Shape::Text(
    Text::of(1, 2000)
        .matching(&ENVIRONMENT_VARIABLE_VALUE_PATTERN)
        .sensitive(),
);
pub(super) static EXECUTION_ID: Shape = Shape::Text(Text::of(1, 1500));
pub(super) static EXECUTION_MODE: Shape = Shape::Enum(&["QUEUED", "SUPERSEDED", "PARALLEL"]);
pub(super) static EXECUTION_SUMMARY: Shape = Shape::Text(Text::of(1, 2048));
pub(super) static EXECUTOR_TYPE: Shape = Shape::Enum(&["JobWorker", "Lambda"]);
pub(super) static FAILURE_TYPE: Shape = Shape::Enum(&[
    "JobFailed",
    "ConfigurationError",
    "PermissionError",
    "RevisionOutOfSync",
    "RevisionUnavailable",
    "SystemUnavailable",
]);
pub(super) static FILE_PATH: Shape = Shape::Text(Text::of(1, 128));
pub(super) static GIT_BRANCH_NAME_PATTERN: Shape =
    Shape::Text(Text::of(1, 255).matching(&ENVIRONMENT_VARIABLE_VALUE_PATTERN));
pub(super) static GIT_FILE_PATH_PATTERN: Shape =
    Shape::Text(Text::of(1, 255).matching(&ENVIRONMENT_VARIABLE_VALUE_PATTERN));
pub(super) static GIT_PULL_REQUEST_EVENT_TYPE: Shape = Shape::Enum(&["OPEN", "UPDATED", "CLOSED"]);
pub(super) static GIT_TAG_NAME_PATTERN: Shape = Shape::Text(Text::of(1, 255));
pub(super) static JOB_ID: Shape = Shape::Text(Text::of(0, ANY).matching(&APPROVAL_TOKEN_PATTERN));
pub(super) static JOB_TIMEOUT: Shape = Shape::Int {
    min: 60,
    max: 43200,
};
pub(super) static JSON_PATH: Shape = Shape::Text(Text::of(1, 150));
pub(super) static LAMBDA_FUNCTION_ARN: Shape =
    Shape::Text(Text::of(1, 140).matching(&LAMBDA_FUNCTION_ARN_PATTERN));
pub(super) static MATCH_EQUALS: Shape = Shape::Text(Text::of(1, 150));
pub(super) static MAX_BATCH_SIZE: Shape = Shape::Int {
    min: 1,
    max: i64::MAX,
};
pub(super) static MAX_PIPELINES: Shape = Shape::Int { min: 1, max: 1000 };
pub(super) static MAX_RESULTS: Shape = Shape::Int { min: 1, max: 100 };
pub(super) static MAXIMUM_ACTION_TYPE_ARTIFACT_COUNT: Shape = Shape::Int { min: 0, max: 10 };
pub(super) static MAXIMUM_ARTIFACT_COUNT: Shape = Shape::Int { min: 0, max: 5 };
pub(super) static MESSAGE: Shape = Shape::Text(Text::of(1, 5000));
pub(super) static MINIMUM_ACTION_TYPE_ARTIFACT_COUNT: Shape = Shape::Int { min: 0, max: 10 };
pub(super) static MINIMUM_ARTIFACT_COUNT: Shape = Shape::Int { min: 0, max: 5 };
pub(super) static NEXT_TOKEN: Shape = Shape::Text(Text::of(1, 2048));
pub(super) static NONCE: Shape = Shape::Text(Text::of(1, 50).sensitive());
pub(super) static OUTPUT_VARIABLE: Shape = Shape::Text(Text::of(1, 128));
pub(super) static OUTPUT_VARIABLES_KEY: Shape =
    Shape::Text(Text::of(0, ANY).matching(&ACTION_NAMESPACE_PATTERN));
pub(super) static OUTPUT_VARIABLES_VALUE: Shape = Shape::Text(Text::of(0, ANY).sensitive());
pub(super) static PERCENTAGE: Shape = Shape::Int { min: 0, max: 100 };
pub(super) static PIPELINE_EXECUTION_ID: Shape =
    Shape::Text(Text::of(0, ANY).matching(&APPROVAL_TOKEN_PATTERN));
pub(super) static PIPELINE_NAME: Shape =
    Shape::Text(Text::of(1, 100).matching(&ACTION_NAME_PATTERN));
pub(super) static PIPELINE_TRIGGER_PROVIDER_TYPE: Shape =
    Shape::Enum(&["CodeStarSourceConnection"]);
pub(super) static PIPELINE_TYPE: Shape = Shape::Enum(&["V1", "V2"]);
pub(super) static PIPELINE_VARIABLE_DESCRIPTION: Shape =
    Shape::Text(Text::of(0, 200).matching(&ENVIRONMENT_VARIABLE_VALUE_PATTERN));
pub(super) static PIPELINE_VARIABLE_NAME: Shape =
    Shape::Text(Text::of(1, 128).matching(&ACTION_NAMESPACE_PATTERN));
pub(super) static PIPELINE_VARIABLE_VALUE: Shape =
    Shape::Text(Text::of(1, 1000).matching(&ENVIRONMENT_VARIABLE_VALUE_PATTERN));
pub(super) static PIPELINE_VERSION: Shape = Shape::Int {
    min: 1,
    max: i64::MAX,
};
pub(super) static POLICY_STATEMENTS_TEMPLATE: Shape = Shape::Text(Text::of(1, 2048));
pub(super) static PROPERTY_DESCRIPTION: Shape = Shape::Text(Text::of(1, 250));
pub(super) static RESOURCE_ARN: Shape =
    Shape::Text(Text::of(0, ANY).matching(&RESOURCE_ARN_PATTERN));
pub(super) static RESULT: Shape = Shape::Enum(&["ROLLBACK", "FAIL", "RETRY", "SKIP"]);
pub(super) static REVISION: Shape = Shape::Text(Text::of(1, 1500));
pub(super) static REVISION_CHANGE_IDENTIFIER: Shape = Shape::Text(Text::of(1, 100));
pub(super) static REVISION_SUMMARY: Shape = Shape::Text(Text::of(1, 2048));
pub(super) static ROLE_ARN: Shape = Shape::Text(Text::of(0, 1024).matching(&ROLE_ARN_PATTERN));
pub(super) static RULE_CATEGORY: Shape = Shape::Enum(&["Rule"]);
pub(super) static RULE_CONFIGURATION_KEY: Shape = Shape::Text(Text::of(1, 50));
pub(super) static RULE_CONFIGURATION_VALUE: Shape = Shape::Text(Text::of(1, 10000).sensitive());
pub(super) static RULE_NAME: Shape = Shape::Text(Text::of(1, 100).matching(&ACTION_NAME_PATTERN));
pub(super) static RULE_OWNER: Shape = Shape::Enum(&["AWS"]);
pub(super) static RULE_PROVIDER: Shape =
    Shape::Text(Text::of(1, 35).matching(&ACTION_PROVIDER_PATTERN));
pub(super) static RULE_TIMEOUT: Shape = Shape::Int { min: 5, max: 86400 };
pub(super) static SERVICE_PRINCIPAL: Shape = Shape::Text(Text::of(1, 128));
pub(super) static SOURCE_REVISION_TYPE: Shape = Shape::Enum(&[
    "COMMIT_ID",
    "IMAGE_DIGEST",
    "S3_OBJECT_VERSION_ID",
    "S3_OBJECT_KEY",
]);
pub(super) static STAGE_NAME: Shape = Shape::Text(Text::of(1, 100).matching(&ACTION_NAME_PATTERN));
pub(super) static STAGE_RETRY_MODE: Shape = Shape::Enum(&["FAILED_ACTIONS", "ALL_ACTIONS"]);
pub(super) static STAGE_TRANSITION_TYPE: Shape = Shape::Enum(&["Inbound", "Outbound"]);
pub(super) static START_TIME_RANGE: Shape = Shape::Enum(&["Latest", "All"]);
pub(super) static STOP_PIPELINE_EXECUTION_REASON: Shape = Shape::Text(Text::of(0, 200));
pub(super) static TAG_KEY: Shape = Shape::Text(Text::of(1, 128));
pub(super) static TAG_VALUE: Shape = Shape::Text(Text::of(0, 256));
pub(super) static TARGET_FILTER_NAME: Shape = Shape::Enum(&["TARGET_STATUS"]);
pub(super) static TARGET_FILTER_VALUE: Shape = Shape::Text(Text::of(1, ANY));
pub(super) static THIRD_PARTY_JOB_ID: Shape = Shape::Text(Text::of(1, 512));
pub(super) static TIME: Shape = Shape::Time;
pub(super) static TIMESTAMP: Shape = Shape::Time;
pub(super) static URL: Shape = Shape::Text(Text::of(1, 2048));
pub(super) static URL_TEMPLATE: Shape = Shape::Text(Text::of(1, 2048));
pub(super) static VERSION: Shape = Shape::Text(Text::of(1, 9).matching(&ACTION_PROVIDER_PATTERN));
pub(super) static WEBHOOK_AUTH_CONFIGURATION_ALLOWED_IP_RANGE: Shape =
    Shape::Text(Text::of(1, 100));
pub(super) static WEBHOOK_AUTH_CONFIGURATION_SECRET_TOKEN: Shape =
    Shape::Text(Text::of(1, 100).sensitive());
pub(super) static WEBHOOK_AUTHENTICATION_TYPE: Shape =
    Shape::Enum(&["GITHUB_HMAC", "IP", "UNAUTHENTICATED"]);
pub(super) static WEBHOOK_NAME: Shape =
    Shape::Text(Text::of(1, 100).matching(&ACTION_NAME_PATTERN));
