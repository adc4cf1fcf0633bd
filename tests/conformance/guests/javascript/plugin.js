// The guest of the conformance suite in JavaScript, on QuickJS: tests/conformance/README.md says what it does.

import { Failure, plugin } from 'pipefitter-sdk';
import * as answers from './answers.js';
import * as files from './files.js';
import * as reach from './reach.js';
import * as surroundings from './surroundings.js';

/** By the name of the case; those that say more of themselves than that they are done are apart. */
const CASES = {
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
  secret: reach.secret,
};

const APART = {
  continue: answers.chain,
  progress: answers.progress,
  stop: surroundings.stop,
};

export const handler = plugin((job) => {
  const name = job.configValue('case') ?? '';
  const apart = APART[name];
  if (apart !== undefined) return apart(job);
  const run = CASES[name];
  if (run === undefined) throw Failure.configurationError(`unknown case \`${name}\``);
  return run(job).summary(`${name} done`);
});
