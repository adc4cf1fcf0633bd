// The AWS SDK for JavaScript makes everything there is, works one kind of job itself and has Pipefitter work the
// other, and reads it all back. Arguments: where npm's packages are, what `pipefitter action-type json` printed,
// the source as a zip.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [packages, declared, archive] = process.argv.slice(2);
const require = createRequire(`${packages}/`);
const {
  AcknowledgeJobCommand,
  CodePipelineClient,
  CreateCustomActionTypeCommand,
  CreatePipelineCommand,
  DeletePipelineCommand,
  GetJobDetailsCommand,
  GetPipelineCommand,
  GetPipelineExecutionCommand,
  ListPipelinesCommand,
  PollForJobsCommand,
  PutJobSuccessResultCommand,
  StartPipelineExecutionCommand,
  paginateListActionExecutions,
} = require("@aws-sdk/client-codepipeline");
const {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} = require("@aws-sdk/client-s3");

const settings = {
  endpoint: process.env.AWS_ENDPOINT_URL,
  region: "us-east-1",
  maxAttempts: 1,
};
const codepipeline = new CodePipelineClient(settings);
const s3 = new S3Client({ ...settings, forcePathStyle: true });

const kind = (await codepipeline.send(new CreateCustomActionTypeCommand(JSON.parse(readFileSync(declared, "utf8")))))
  .actionType.id;
const ours = { category: "Test", provider: "JavaScript", version: "1" };
await codepipeline.send(
  new CreateCustomActionTypeCommand({
    ...ours,
    configurationProperties: [{ name: "token", required: true, key: false, secret: true }],
    inputArtifactDetails: { minimumCount: 1, maximumCount: 1 },
    outputArtifactDetails: { minimumCount: 1, maximumCount: 1 },
  }),
);
const type = { ...ours, owner: "Custom" };

for (const Bucket of ["js-source", "js-artifacts"]) {
  await s3.send(new CreateBucketCommand({ Bucket }));
}
await s3.send(
  new PutBucketVersioningCommand({ Bucket: "js-source", VersioningConfiguration: { Status: "Enabled" } }),
);
await s3.send(new PutObjectCommand({ Bucket: "js-source", Key: "source.zip", Body: readFileSync(archive) }));

const action = (name, actionTypeId, inputs, outputs, configuration, namespace) => ({
  name,
  actionTypeId,
  configuration,
  inputArtifacts: inputs.map((name) => ({ name })),
  outputArtifacts: outputs.map((name) => ({ name })),
  namespace,
});
const source = { category: "Source", owner: "AWS", provider: "S3", version: "1" };
const where = { S3Bucket: "js-source", S3ObjectKey: "source.zip", PollForSourceChanges: "false" };
const pipeline = {
  name: "js",
  roleArn: "arn:aws:iam::000000000000:role/pipeline",
  artifactStore: { type: "S3", location: "js-artifacts" },
  pipelineType: "V2",
  executionMode: "QUEUED",
  stages: [
    { name: "Source", actions: [action("Source", source, [], ["Source"], where)] },
    { name: "Build", actions: [action("Build", kind, ["Source"], ["Built"], { "var.out": "from Rust" }, "built")] },
    { name: "Test", actions: [action("Test", type, ["Built"], ["Tested"], { token: "#{built.out}, secret" })] },
  ],
};
await codepipeline.send(new CreatePipelineCommand({ pipeline }));
const shown = JSON.stringify(await codepipeline.send(new GetPipelineCommand({ name: "js" })));
assert(!shown.includes(", secret"), shown);
const { pipelineExecutionId } = await codepipeline.send(new StartPipelineExecutionCommand({ name: "js" }));

const until = Date.now() + 60_000;
const repeat = async (ask) => {
  for (;;) {
    const found = await ask();
    if (found) return found;
    assert(Date.now() < until, "it took more than a minute");
    await new Promise((done) => setTimeout(done, 50));
  }
};

// A job, and what is to be done with the answers of the service's errors.
const job = await repeat(async () => {
  const { jobs } = await codepipeline.send(new PollForJobsCommand({ actionTypeId: type, maxBatchSize: 1 }));
  return jobs[0];
});
await assert.rejects(codepipeline.send(new AcknowledgeJobCommand({ jobId: job.id, nonce: "0" })), {
  name: "InvalidNonceException",
});
const { status } = await codepipeline.send(new AcknowledgeJobCommand({ jobId: job.id, nonce: job.nonce }));
assert.equal(status, "InProgress");
assert.equal(job.data.actionConfiguration.configuration.token, "from Rust, secret");
const { jobDetails } = await codepipeline.send(new GetJobDetailsCommand({ jobId: job.id }));
const { accessKeyId, secretAccessKey, sessionToken } = jobDetails.data.artifactCredentials;
const artifacts = new S3Client({
  ...settings,
  forcePathStyle: true,
  credentials: { accessKeyId, secretAccessKey, sessionToken },
});
const place = ({ location: { s3Location } }) => ({ Bucket: s3Location.bucketName, Key: s3Location.objectKey });
const built = await artifacts.send(new GetObjectCommand(place(jobDetails.data.inputArtifacts[0])));
const bytes = await built.Body.transformToByteArray();
assert.equal(Buffer.from(bytes).subarray(0, 2).toString(), "PK");
const output = place(jobDetails.data.outputArtifacts[0]);
await artifacts.send(
  new PutObjectCommand({ ...output, Body: bytes, ServerSideEncryption: "aws:kms", ChecksumAlgorithm: "CRC64NVME" }),
);
await assert.rejects(artifacts.send(new GetObjectCommand({ Bucket: "js-source", Key: "source.zip" })), {
  name: "AccessDenied",
});
await codepipeline.send(
  new PutJobSuccessResultCommand({
    jobId: job.id,
    outputVariables: { size: String(bytes.length) },
    executionDetails: { summary: "tested by JavaScript", percentComplete: 100 },
    currentRevision: { revision: "1", changeIdentifier: "1", created: new Date(0) },
  }),
);

const ended = await repeat(async () => {
  const { pipelineExecution } = await codepipeline.send(
    new GetPipelineExecutionCommand({ pipelineName: "js", pipelineExecutionId }),
  );
  return pipelineExecution.status !== "InProgress" && pipelineExecution.status;
});
const details = {};
const pages = paginateListActionExecutions(
  { client: codepipeline, pageSize: 1 },
  { pipelineName: "js", filter: { pipelineExecutionId } },
);
for await (const page of pages) {
  for (const detail of page.actionExecutionDetails) details[detail.actionName] = detail;
}
assert.equal(ended, "Succeeded", JSON.stringify(details, null, 1));
assert.deepEqual(Object.keys(details).sort(), ["Build", "Source", "Test"]);
assert.equal(details.Build.output.outputVariables.out, "from Rust");
assert.equal(details.Test.output.outputVariables.size, String(bytes.length));
assert.equal(details.Test.output.executionResult.externalExecutionSummary, "tested by JavaScript");
assert(details.Test.startTime instanceof Date);
const tested = await s3.send(new GetObjectCommand({ ...output, ChecksumMode: "ENABLED" }));
assert.match(tested.ChecksumCRC64NVME, /^[A-Za-z0-9+/]{11}=$/);
assert.equal((await tested.Body.transformToByteArray()).length, bytes.length);
await codepipeline.send(new DeletePipelineCommand({ name: "js" }));
assert.deepEqual((await codepipeline.send(new ListPipelinesCommand({}))).pipelines, []);
console.log("everything was made, run and read");
