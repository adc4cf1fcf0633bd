/**
 * Test a plugin natively, with node's own test runner: `node --import pipefitter-sdk/testing/register --test`.
 *
 * ```js
 * import { run, testJob, takeLog } from 'pipefitter-sdk/testing';
 * import { handler } from './plugin.js';
 *
 * const outcome = run(handler, testJob({ configuration: { times: 3 }, inputs: { Source: 'example' } }));
 * ```
 *
 * Files are those of this machine; log, progress and secrets are kept here.
 *
 * @packageDocumentation
 */

import type { Handler, Level, StopReason } from './index.js';
import type { ActionType, Job, PipelineContext } from './job.js';
import type { Outcome } from './result.js';

/** What a job of a test has; everything has a default. */
export interface TestJob {
  id?: string;
  attempt?: number;
  accountId?: string;
  actionType?: Partial<ActionType>;
  configuration?: Readonly<Record<string, string | number | boolean>>;
  pipeline?: Partial<PipelineContext>;
  /** Directories of this machine by the artifact's name. With `file`, an artifact that is one file of it. */
  inputs?: Readonly<Record<string, string | { path: string; file?: string; revision?: string }>>;
  /** Directories of this machine by the artifact's name. They are made if they are not there. */
  outputs?: Readonly<Record<string, string>>;
  scratch?: string;
  /** The token as it is sent: what `outcome.continuationToken` said. */
  continuationToken?: string;
  attributes?: Readonly<Record<string, string>>;
}

/** A job. */
export function testJob(job?: TestJob): Job;

/**
 * Runs the plugin as the host would. What fails is thrown as a `Failure`. A plugin that is `async` gives a promise.
 */
export function run(handler: Handler, job?: TestJob): Outcome;
/** As {@link run}, for plugins that are `async`. */
export function runAsync(handler: Handler, job?: TestJob): Promise<Outcome>;

/** A line of the log. */
export interface LogLine {
  level: Level;
  message: string;
  fields: [name: string, value: string][];
}

/** Takes what was written to the log since it was last asked. */
export function takeLog(): LogLine[];
/** Takes what was told of the progress since it was last asked. */
export function takeProgress(): { percent: number | undefined; summary: string }[];
/** Sets what `control.stopRequested` answers. */
export function setStopRequested(reason: StopReason | undefined): void;
/** Sets what `control.timeRemaining` answers. */
export function setTimeRemaining(milliseconds: number): void;
/** Sets the least level that the log keeps. */
export function setThreshold(level: Level): void;
/** Grants a secret. What is not set is denied. */
export function setSecret(name: string, value: string | Uint8Array): void;
/** Sets what goes wrong when a secret is asked for. */
export function setSecretError(name: string, reason: 'denied' | 'missing' | 'unavailable'): void;
