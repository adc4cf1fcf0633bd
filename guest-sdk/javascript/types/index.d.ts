/**
 * Write a Pipefitter plugin: one function that turns a job of AWS CodePipeline into a result.
 *
 * ```ts
 * import { plugin, Outcome } from 'pipefitter-sdk';
 *
 * export const handler = plugin((job) => {
 *   const text = job.firstInput().readText('message.txt');
 *   job.firstOutput().write('shout.txt', text.toUpperCase());
 *   return Outcome.succeeded().summary('shouted');
 * });
 * ```
 *
 * @packageDocumentation
 */

export * from './config.js';
export * from './files.js';
export * from './job.js';
export * from './result.js';

import type { Job } from './job.js';
import type { Outcome } from './result.js';

/** What the plugin's module exports as `handler`. The host calls it; nobody else needs to. */
export interface Handler {
  /** Runs one job of the host's. */
  run(job: unknown): unknown;
}

/**
 * Makes a function the plugin: `export const handler = plugin((job) => ...)`.
 *
 * What it throws fails the job: a {@link Failure} as it says, a {@link FileError} and any other error with its
 * message; the stack of the latter goes to the log. An `async` function is awaited on the engine StarlingMonkey. On
 * QuickJS, where nothing can be waited for, it fails the job and says so.
 */
export function plugin(run: (job: Job) => Outcome | Promise<Outcome>): Handler;

/** How much a line of the log matters, least first. */
export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Names and values that go with a line of the log. Values become text; those that are undefined are left out. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * The job's log. `console` writes to it, too. It has a budget; what is over it is dropped, and a line says how much.
 *
 * ```ts
 * log.warn('no such file', { page: 'guide.md', line: 7 });
 * ```
 */
export const log: {
  /** Finest detail. */
  trace(message: string, fields?: Fields): void;
  /** For whoever develops the plugin. */
  debug(message: string, fields?: Fields): void;
  /** What a pipeline's owner may want to read. */
  info(message: string, fields?: Fields): void;
  /** Something is odd, the work goes on. */
  warn(message: string, fields?: Fields): void;
  /** Something failed. */
  error(message: string, fields?: Fields): void;
  /** Writes at a level. Line ends split the message into lines. */
  write(level: Level, message: string, fields?: Fields): void;
  /** The least level that is kept. */
  threshold(): Level;
  /** Whether lines of a level are kept: those that take work to make need not be made else. */
  enabled(level: Level): boolean;
};

/**
 * Why the host wants a job to end before it is done.
 *
 * - `cancelled`: nobody wants the result any more. Clean up and return; whatever is returned is dropped.
 * - `hand-over`: the worker is shutting down. A plugin that can returns {@link Outcome.inProgress} now, and another
 *   worker goes on from its token.
 */
export type StopReason = 'cancelled' | 'hand-over';

/** What a running job tells the host, and the host the job. */
export const control: {
  /**
   * Says how far the job is: 0 to 100 percent, or `undefined` where that is not known, and a few words. The worker's
   * page shows it at once. Calling it often is cheap: the latest call counts.
   */
  progress(percent: number | undefined, summary: string): void;
  /** Why to stop early, if one should. Ask at least every few seconds. */
  stopRequested(): StopReason | undefined;
  /** Milliseconds until the host interrupts the job; 4,294,967,295 (49 days) means that or more. */
  timeRemaining(): number;
};
