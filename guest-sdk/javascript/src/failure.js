import { inspect } from './inspect.js';

/** @type {typeof import('../types/index.js').Failure} */
export const Failure = class Failure extends Error {
  /**
   * @param {import('../types/index.js').FailureKind} kind
   * @param {string} message
   * @param {{ cause?: unknown }} [options]
   */
  constructor(kind, message, options) {
    super(message, options);
    this.name = 'Failure';
    this.kind = kind;
    /** @type {string | undefined} */
    this.externalExecutionId = undefined;
  }

  /** @param {string} message */
  static jobFailed(message) {
    return new Failure('job-failed', message);
  }

  /** @param {string} message */
  static configurationError(message) {
    return new Failure('configuration-error', message);
  }

  /**
   * @param {string} key
   * @param {string} problem
   */
  static configurationKey(key, problem) {
    return Failure.configurationError(`configuration \`${key}\`: ${problem}`);
  }

  /** @param {string} message */
  static permissionError(message) {
    return new Failure('permission-error', message);
  }

  /** @param {string} message */
  static revisionOutOfSync(message) {
    return new Failure('revision-out-of-sync', message);
  }

  /** @param {string} message */
  static revisionUnavailable(message) {
    return new Failure('revision-unavailable', message);
  }

  /** @param {string} message */
  static systemUnavailable(message) {
    return new Failure('system-unavailable', message);
  }

  /**
   * @param {unknown} thrown
   * @param {string} [what]
   */
  static of(thrown, what) {
    if (thrown instanceof Failure && what === undefined) return thrown;
    const message = what === undefined ? told(thrown) : `${what}: ${told(thrown)}`;
    const failure = new Failure(kindOf(thrown), message, { cause: thrown });
    if (thrown instanceof Failure) failure.externalExecutionId = thrown.externalExecutionId;
    return failure;
  }

  /** @param {string} id */
  externalId(id) {
    this.externalExecutionId = id;
    return this;
  }
};

/** Those of `FileError` that say that access was refused. */
const REFUSED = ['access', 'not-permitted', 'read-only'];

/**
 * @param {unknown} thrown
 * @returns {import('../types/index.js').FailureKind}
 */
function kindOf(thrown) {
  if (thrown instanceof Failure) return thrown.kind;
  const code = thrown instanceof Error && thrown.name === 'FileError' && 'code' in thrown ? String(thrown.code) : '';
  return REFUSED.includes(code) ? 'permission-error' : 'job-failed';
}

/** Errors whose name says no more than that they are one. */
const PLAIN = ['Error', 'Failure', 'FileError', 'SecretError'];

/**
 * @param {unknown} thrown
 * @returns {string}
 */
function told(thrown) {
  if (!(thrown instanceof Error)) return typeof thrown === 'string' ? thrown : `thrown: ${inspect(thrown)}`;
  let message = PLAIN.includes(thrown.name) ? thrown.message : `${thrown.name}: ${thrown.message}`;
  if (message === '') message = thrown.name;
  // A failure's causes are in its message already, or not for the pipeline's owner.
  if (thrown instanceof Failure || thrown.cause === undefined || thrown.cause === null) return message;
  const cause = told(thrown.cause);
  return message.endsWith(cause) ? message : `${message}: ${cause}`;
}
