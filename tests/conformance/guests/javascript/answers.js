// Configuration in, and every kind of answer out.

import { control, Failure, integer, oneOf, Outcome } from 'pipefitter-sdk';

const MISSING = '(missing)';

const KINDS = [
  'job-failed',
  'configuration-error',
  'permission-error',
  'revision-out-of-sync',
  'revision-unavailable',
  'system-unavailable',
];

export function config(job) {
  const { number } = job.config({ number: integer().optional() });
  const text = job.configValue('text');
  return Outcome.succeeded()
    .variable('text', text ?? MISSING)
    .variable('characters', [...(text ?? '')].length)
    .variable('number', number === undefined ? MISSING : number * 2);
}

export function variables(job) {
  const { count, size } = job.config({ count: integer({ min: 0 }).default(0), size: integer({ min: 0 }).default(0) });
  const outcome = Outcome.succeeded();
  for (let at = 0; at < count; at++) outcome.variable(`v${at}`, 'x'.repeat(size));
  return outcome;
}

export function fail(job) {
  const { kind } = job.config({ kind: oneOf(...KINDS) });
  throw new Failure(kind, `failed as asked: ${kind}`).externalId('external-1');
}

export function chain(job) {
  switch (job.token()) {
    case undefined:
      return Outcome.inProgress('one').summary('one of three');
    case 'one':
      return Outcome.inProgress('two').summary('two of three');
    default:
      return Outcome.succeeded().variable('hops', 3).summary('three of three');
  }
}

export function details(job) {
  return Outcome.succeeded()
    .variable('pipeline', job.pipeline.pipeline)
    .variable('stage', job.pipeline.stage)
    .variable('action', job.pipeline.action)
    .variable('provider', job.actionType.provider)
    .variable('attempt', job.attempt)
    .externalId('external-2')
    .percent(100)
    .currentRevision({ revision: 'r1', changeIdentifier: 'c1', summary: 'a revision' });
}

export function progress() {
  control.progress(40, 'two of five');
  return Outcome.succeeded();
}
