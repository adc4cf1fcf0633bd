import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Failure } from '../failure.js';
import { Job } from '../job.js';
import { Outcome } from '../outcome.js';
import { utf8 } from '../utf8.js';
import { host } from './state.js';

const pairs = (record = {}) => Object.entries(record).map(([name, value]) => [name, String(value)]);

/** What the host would hand to the plugin. */
function wireJob(job = {}) {
  const inputs = Object.entries(job.inputs ?? {}).map(([name, given]) => {
    const { path, file, revision } = typeof given === 'string' ? { path: given } : given;
    return { name, path: resolve(path), file: file && join(resolve(path), file), revision };
  });
  const outputs = Object.entries(job.outputs ?? {}).map(([name, path]) => {
    mkdirSync(path, { recursive: true });
    return { name, path: resolve(path) };
  });
  return {
    id: job.id ?? '00000000-0000-4000-8000-000000000000',
    attempt: job.attempt ?? 1,
    accountId: job.accountId,
    actionType: { category: 'Build', owner: 'Custom', provider: 'Test', version: '1', ...job.actionType },
    configuration: pairs(job.configuration),
    pipeline: { pipeline: 'test', stage: 'Build', action: 'test', ...job.pipeline },
    inputs,
    outputs,
    scratch: job.scratch,
    continuationToken: job.continuationToken,
    attributes: pairs(job.attributes),
  };
}

export function testJob(job) {
  return new Job(wireJob(job));
}

export function run(handler, job) {
  try {
    const answer = handler.run(wireJob(job));
    if (typeof answer?.then === 'function') throw new TypeError('the plugin is async: use runAsync');
    return outcomeOf(answer);
  } catch (error) {
    throw failureOf(error);
  }
}

export async function runAsync(handler, job) {
  try {
    return outcomeOf(await handler.run(wireJob(job)));
  } catch (error) {
    throw failureOf(error);
  }
}

function outcomeOf({ tag, val }) {
  const outcome = tag === 'succeeded' ? Outcome.succeeded() : new Outcome(val.token);
  const { summary, externalExecutionId, percentComplete } = val.details;
  if (summary !== undefined) outcome.summary(summary);
  if (externalExecutionId !== undefined) outcome.externalId(externalExecutionId);
  if (percentComplete !== undefined) outcome.percent(percentComplete);
  for (const [name, value] of val.variables ?? []) outcome.variable(name, value);
  const revision = val.currentRevision;
  if (revision !== undefined) {
    const { created, ...rest } = revision;
    outcome.currentRevision(created === undefined ? rest : { ...rest, created: new Date(created * 1000) });
  }
  return outcome;
}

function failureOf(error) {
  if (error instanceof Error) return error;
  const failure = new Failure(error.kind, error.message);
  failure.externalExecutionId = error.externalExecutionId;
  return failure;
}

const taken = (list) => list.splice(0, list.length);

export const takeLog = () => taken(host.log);
export const takeProgress = () => taken(host.progress);

export function setStopRequested(reason) {
  host.stop = reason;
}

export function setTimeRemaining(milliseconds) {
  host.timeRemaining = milliseconds;
}

export function setThreshold(level) {
  host.threshold = level;
}

export function setSecret(name, value) {
  host.secrets.set(name, typeof value === 'string' ? utf8.encode(value) : value);
}

export function setSecretError(name, reason) {
  host.secrets.set(name, `!${reason}`);
}
