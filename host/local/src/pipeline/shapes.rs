//! The shapes of the requests that are built, as the service's model of 2015-07-09 has them.
//!
//! One table per operation; the order of members is the model's. See [`super::schema`].

use super::schema::Shape::{self, Bool, Enum, Int, List, Map, Struct, Time};
use super::schema::{ANY, Member, Pattern, Text};

pub(super) const fn req(name: &'static str, shape: &'static Shape) -> Member {
    Member {
        name,
        required: true,
        shape,
    }
}

pub(super) const fn opt(name: &'static str, shape: &'static Shape) -> Member {
    Member {
        name,
        required: false,
        shape,
    }
}

// Patterns.

fn all(text: &str, allowed: fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(allowed)
}

pub(super) const UUID: Pattern = Pattern {
    text: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    matches: |text| {
        text.len() == 36
            && text.bytes().enumerate().all(|(index, byte)| match index {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            })
    },
};
const NAME: Pattern = Pattern {
    text: r"[A-Za-z0-9.@\-_]+",
    matches: |text| all(text, |c| c.is_ascii_alphanumeric() || ".@-_".contains(c)),
};
const VARIABLE_NAME: Pattern = Pattern {
    text: r"[A-Za-z0-9@\-_]+",
    matches: |text| all(text, |c| c.is_ascii_alphanumeric() || "@-_".contains(c)),
};
const WORD: Pattern = Pattern {
    text: "[0-9A-Za-z_-]+",
    matches: |text| all(text, |c| c.is_ascii_alphanumeric() || "_-".contains(c)),
};
const ARTIFACT_NAME: Pattern = Pattern {
    text: r"[a-zA-Z0-9_\-]+",
    matches: |text| all(text, |c| c.is_ascii_alphanumeric() || "_-".contains(c)),
};
const QUERYABLE_VALUE: Pattern = Pattern {
    text: "[a-zA-Z0-9_-]+",
    matches: |text| all(text, |c| c.is_ascii_alphanumeric() || "_-".contains(c)),
};
const BUCKET: Pattern = Pattern {
    text: r"[a-zA-Z0-9\-\.]+",
    matches: |text| all(text, |c| c.is_ascii_alphanumeric() || "-.".contains(c)),
};
const ONE_LINE: Pattern = Pattern {
    text: ".*",
    matches: |text| !text.contains(['\n', '\r']),
};
const REQUEST_TOKEN: Pattern = Pattern {
    text: "^[a-zA-Z0-9-]+$",
    matches: |text| all(text, |c| c.is_ascii_alphanumeric() || c == '-'),
};
const ROLE: Pattern = Pattern {
    text: r"arn:aws(-[\w]+)*:iam::[0-9]{12}:role/.*",
    matches: |text| {
        let mut parts = text.splitn(6, ':');
        let arn = parts.next() == Some("arn");
        let partition = parts.next().is_some_and(|p| {
            p.strip_prefix("aws").is_some_and(|rest| {
                rest.is_empty()
                    || rest.strip_prefix('-').is_some_and(|rest| {
                        rest.split('-')
                            .all(|word| all(word, |c| c.is_ascii_alphanumeric() || c == '_'))
                    })
            })
        });
        let service = parts.next() == Some("iam") && parts.next() == Some("");
        let account = parts
            .next()
            .is_some_and(|a| a.len() == 12 && a.bytes().all(|byte| byte.is_ascii_digit()));
        arn && partition
            && service
            && account
            && parts.next().is_some_and(|rest| rest.starts_with("role/"))
    },
};

// Simple shapes.

static JOB_ID: Shape = Shape::Text(Text::matching(0, ANY, UUID));
pub(super) static EXECUTION_ID: Shape = Shape::Text(Text::matching(0, ANY, UUID));
pub(super) static NONCE: Shape = Shape::Text(Text::of(1, 50).sensitive());
pub(super) static NAMED: Shape = Shape::Text(Text::matching(1, 100, NAME));
pub(super) static PROVIDER: Shape = Shape::Text(Text::matching(1, 35, WORD));
pub(super) static VERSION: Shape = Shape::Text(Text::matching(1, 9, WORD));
pub(super) static CATEGORY: Shape = Enum(&[
    "Source", "Build", "Deploy", "Test", "Invoke", "Approval", "Compute",
]);
static OWNER: Shape = Enum(&["AWS", "ThirdParty", "Custom"]);
static FLAG: Shape = Bool;
pub(super) static TIME: Shape = Time;
static URL: Shape = Shape::Text(Text::of(1, 2048));
static CONFIG_KEY: Shape = Shape::Text(Text::of(1, 50));
static DESCRIPTION: Shape = Shape::Text(Text::of(1, 160));
static ARTIFACT: Shape = Shape::Text(Text::matching(1, 100, ARTIFACT_NAME));
static EXTERNAL_ID: Shape = Shape::Text(Text::of(1, 1500));
static SUMMARY: Shape = Shape::Text(Text::of(1, 2048));
static NEXT_TOKEN: Shape = Shape::Text(Text::of(1, 2048));
static REGION: Shape = Shape::Text(Text::of(4, 30));
static ROLE_ARN: Shape = Shape::Text(Text::matching(0, 1024, ROLE));
static MAX_RESULTS: Shape = Int { min: 1, max: 100 };

// Structures.

pub(super) static ACTION_TYPE_ID: Shape = Struct(&[
    req("category", &CATEGORY),
    req("owner", &OWNER),
    req("provider", &PROVIDER),
    req("version", &VERSION),
]);
static ARTIFACT_DETAILS: Shape = Struct(&[
    req("minimumCount", &Int { min: 0, max: 5 }),
    req("maximumCount", &Int { min: 0, max: 5 }),
]);
static PROPERTY: Shape = Struct(&[
    req("name", &CONFIG_KEY),
    req("required", &FLAG),
    req("key", &FLAG),
    req("secret", &FLAG),
    opt("queryable", &FLAG),
    opt("description", &DESCRIPTION),
    opt("type", &Enum(&["String", "Number", "Boolean"])),
]);
static SETTINGS: Shape = Struct(&[
    opt("thirdPartyConfigurationUrl", &URL),
    opt("entityUrlTemplate", &URL),
    opt("executionUrlTemplate", &URL),
    opt("revisionUrlTemplate", &URL),
]);
static TAGS: Shape = List {
    member: &Struct(&[
        req("key", &Shape::Text(Text::of(1, 128))),
        req("value", &Shape::Text(Text::of(0, 256))),
    ]),
    min: 0,
    max: ANY,
};
static ENCRYPTION_KEY: Shape = Struct(&[
    req("id", &Shape::Text(Text::of(1, 400))),
    req("type", &Enum(&["KMS"])),
]);
static ARTIFACT_STORE: Shape = Struct(&[
    req("type", &Enum(&["S3"])),
    req("location", &Shape::Text(Text::matching(3, 63, BUCKET))),
    opt("encryptionKey", &ENCRYPTION_KEY),
]);
static ARTIFACT_NAMES: Shape = List {
    member: &Struct(&[req("name", &ARTIFACT)]),
    min: 0,
    max: ANY,
};
static CONFIGURATION: Shape = Map {
    key: Text::of(1, 50),
    value: Text::of(1, 1000),
    min: 0,
    max: ANY,
};
static ACTION: Shape = Struct(&[
    req("name", &NAMED),
    req("actionTypeId", &ACTION_TYPE_ID),
    opt("runOrder", &Int { min: 1, max: 999 }),
    opt("configuration", &CONFIGURATION),
    opt("outputArtifacts", &ARTIFACT_NAMES),
    opt("inputArtifacts", &ARTIFACT_NAMES),
    opt("roleArn", &ROLE_ARN),
    opt("region", &REGION),
    opt(
        "namespace",
        &Shape::Text(Text::matching(1, 100, VARIABLE_NAME)),
    ),
    opt("timeoutInMinutes", &Int { min: 5, max: 86400 }),
]);
static STAGE: Shape = Struct(&[
    req("name", &NAMED),
    req(
        "actions",
        &List {
            member: &ACTION,
            min: 0,
            max: ANY,
        },
    ),
]);
static VARIABLE_VALUE: Shape = Shape::Text(Text::matching(1, 1000, ONE_LINE));
static VARIABLE: Shape = Shape::Text(Text::matching(1, 128, VARIABLE_NAME));
pub(super) static PIPELINE: Shape = Struct(&[
    req("name", &NAMED),
    req("roleArn", &ROLE_ARN),
    opt("artifactStore", &ARTIFACT_STORE),
    req(
        "stages",
        &List {
            member: &STAGE,
            min: 0,
            max: ANY,
        },
    ),
    opt(
        "version",
        &Int {
            min: 1,
            max: i64::MAX,
        },
    ),
    opt(
        "executionMode",
        &Enum(&["QUEUED", "SUPERSEDED", "PARALLEL"]),
    ),
    opt("pipelineType", &Enum(&["V1", "V2"])),
    opt(
        "variables",
        &List {
            member: &Struct(&[
                req("name", &VARIABLE),
                opt("defaultValue", &VARIABLE_VALUE),
                opt(
                    "description",
                    &Shape::Text(Text::matching(0, 200, ONE_LINE)),
                ),
            ]),
            min: 0,
            max: 50,
        },
    ),
]);

// Requests.

pub(super) static CREATE_CUSTOM_ACTION_TYPE: Shape = Struct(&[
    req("category", &CATEGORY),
    req("provider", &PROVIDER),
    req("version", &VERSION),
    opt("settings", &SETTINGS),
    opt(
        "configurationProperties",
        &List {
            member: &PROPERTY,
            min: 0,
            max: 10,
        },
    ),
    req("inputArtifactDetails", &ARTIFACT_DETAILS),
    req("outputArtifactDetails", &ARTIFACT_DETAILS),
    opt("tags", &TAGS),
]);
pub(super) static LIST_ACTION_TYPES: Shape = Struct(&[
    opt("actionOwnerFilter", &OWNER),
    opt("nextToken", &NEXT_TOKEN),
    opt("regionFilter", &REGION),
]);
pub(super) static CREATE_PIPELINE: Shape =
    Struct(&[req("pipeline", &PIPELINE), opt("tags", &TAGS)]);
pub(super) static GET_PIPELINE: Shape = Struct(&[
    req("name", &NAMED),
    opt(
        "version",
        &Int {
            min: 1,
            max: i64::MAX,
        },
    ),
]);
pub(super) static LIST_PIPELINES: Shape = Struct(&[
    opt("nextToken", &NEXT_TOKEN),
    opt("maxResults", &Int { min: 1, max: 1000 }),
]);
/// DeletePipeline and GetPipelineState.
pub(super) static BY_NAME: Shape = Struct(&[req("name", &NAMED)]);
pub(super) static START_PIPELINE_EXECUTION: Shape = Struct(&[
    req("name", &NAMED),
    opt(
        "variables",
        &List {
            member: &Struct(&[req("name", &VARIABLE), req("value", &VARIABLE_VALUE)]),
            min: 1,
            max: 50,
        },
    ),
    opt(
        "clientRequestToken",
        &Shape::Text(Text::matching(1, 128, REQUEST_TOKEN)),
    ),
]);
pub(super) static GET_PIPELINE_EXECUTION: Shape = Struct(&[
    req("pipelineName", &NAMED),
    req("pipelineExecutionId", &EXECUTION_ID),
]);
pub(super) static LIST_PIPELINE_EXECUTIONS: Shape = Struct(&[
    req("pipelineName", &NAMED),
    opt("maxResults", &MAX_RESULTS),
    opt(
        "filter",
        &Struct(&[opt(
            "succeededInStage",
            &Struct(&[opt("stageName", &NAMED)]),
        )]),
    ),
    opt("nextToken", &NEXT_TOKEN),
]);
pub(super) static LIST_ACTION_EXECUTIONS: Shape = Struct(&[
    req("pipelineName", &NAMED),
    opt(
        "filter",
        &Struct(&[
            opt("pipelineExecutionId", &EXECUTION_ID),
            opt(
                "latestInPipelineExecution",
                &Struct(&[
                    req("pipelineExecutionId", &EXECUTION_ID),
                    req("startTimeRange", &Enum(&["Latest", "All"])),
                ]),
            ),
        ]),
    ),
    opt("maxResults", &MAX_RESULTS),
    opt("nextToken", &NEXT_TOKEN),
]);
pub(super) static POLL_FOR_JOBS: Shape = Struct(&[
    req("actionTypeId", &ACTION_TYPE_ID),
    opt(
        "maxBatchSize",
        &Int {
            min: 1,
            max: i64::MAX,
        },
    ),
    opt(
        "queryParam",
        &Map {
            key: Text::of(1, 50),
            value: Text::matching(1, 50, QUERYABLE_VALUE),
            min: 0,
            max: 1,
        },
    ),
]);
pub(super) static ACKNOWLEDGE_JOB: Shape = Struct(&[req("jobId", &JOB_ID), req("nonce", &NONCE)]);
pub(super) static GET_JOB_DETAILS: Shape = Struct(&[req("jobId", &JOB_ID)]);
pub(super) static CURRENT_REVISION: Shape = Struct(&[
    req("revision", &Shape::Text(Text::of(1, 1500))),
    req("changeIdentifier", &Shape::Text(Text::of(1, 100))),
    opt("created", &TIME),
    opt("revisionSummary", &SUMMARY),
]);
pub(super) static EXECUTION_DETAILS: Shape = Struct(&[
    opt("summary", &SUMMARY),
    opt("externalExecutionId", &EXTERNAL_ID),
    opt("percentComplete", &Int { min: 0, max: 100 }),
]);
pub(super) static FAILURE_DETAILS: Shape = Struct(&[
    req(
        "type",
        &Enum(&[
            "JobFailed",
            "ConfigurationError",
            "PermissionError",
            "RevisionOutOfSync",
            "RevisionUnavailable",
            "SystemUnavailable",
        ]),
    ),
    req("message", &Shape::Text(Text::of(1, 5000))),
    opt("externalExecutionId", &EXTERNAL_ID),
]);
pub(super) static PUT_JOB_SUCCESS_RESULT: Shape = Struct(&[
    req("jobId", &JOB_ID),
    opt("currentRevision", &CURRENT_REVISION),
    opt(
        "continuationToken",
        &Shape::Text(Text::of(1, 2048).sensitive()),
    ),
    opt("executionDetails", &EXECUTION_DETAILS),
    opt(
        "outputVariables",
        &Map {
            key: Text::matching(0, ANY, VARIABLE_NAME),
            value: Text::of(0, ANY),
            min: 0,
            max: ANY,
        },
    ),
]);
pub(super) static PUT_JOB_FAILURE_RESULT: Shape = Struct(&[
    req("jobId", &JOB_ID),
    req("failureDetails", &FAILURE_DETAILS),
]);
