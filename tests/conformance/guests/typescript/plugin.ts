// The guest of the conformance suite in TypeScript, on StarlingMonkey: tests/conformance/README.md says what it does.

import { Failure, plugin } from 'pipefitter-sdk';
import type { Job, Outcome } from 'pipefitter-sdk';
import * as answers from './answers.ts';
import * as files from './files.ts';
import * as reach from './reach.ts';
import * as surroundings from './surroundings.ts';

/** By the name of the case; those that say more of themselves than that they are done are apart. */
const CASES: Record<string, (job: Job) => Outcome | Promise<Outcome>> = {
  config: answers.config,
  inputs: files.inputs,
  large: files.large,
  tree: files.tree,
  variables: answers.variables,
  fail: answers.fail,
  details: answers.details,
  throw: () => {
    throw new Error('uncaught as asked');
  },
  trap: surroundings.trap,
  deadline: surroundings.deadline,
  log: surroundings.log,
  clock: surroundings.clock,
  random: surroundings.random,
  'denied-file': files.denied,
  network: reach.network,
  secret: reach.secret,
};

const APART: Record<string, (job: Job) => Outcome | Promise<Outcome>> = {
  continue: answers.chain,
  progress: answers.progress,
  stop: surroundings.stop,
};

export const handler = plugin(async (job) => {
  const name = job.configValue('case') ?? '';
  const apart = APART[name];
  if (apart !== undefined) return apart(job);
  const run = CASES[name];
  if (run === undefined) throw Failure.configurationError(`unknown case \`${name}\``);
  return (await run(job)).summary(`${name} done`);
});
