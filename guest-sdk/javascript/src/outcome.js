import { wholePercent } from './control.js';
import { Failure } from './failure.js';
import { log } from './log.js';

/** CodePipeline takes 2,048; the host's own envelope around a token needs the rest. */
const TOKEN_CHARACTERS = 1_700;

export class Outcome {
  /** @type {string | undefined} */
  #token;
  /** @type {Map<string, string>} */
  #variables = new Map();
  /** @type {import('../types/index.js').CurrentRevision | undefined} */
  #revision;
  /** @type {{ summary: string | undefined, externalExecutionId: string | undefined, percentComplete: number | undefined }} */
  #details = { summary: undefined, externalExecutionId: undefined, percentComplete: undefined };

  /** @param {string | undefined} token */
  constructor(token) {
    this.#token = token;
  }

  static succeeded() {
    return new Outcome(undefined);
  }

  /** @param {unknown} token */
  static inProgress(token) {
    const text = tokenText(token);
    const characters = [...text].length;
    if (characters > TOKEN_CHARACTERS) {
      throw Failure.jobFailed(
        `the continuation token has ${characters} characters of at most ${TOKEN_CHARACTERS}: keep what is large ` +
          'elsewhere and its name in the token',
      );
    }
    return new Outcome(text);
  }

  /**
   * @param {string} name
   * @param {string | number | bigint | boolean} value
   */
  variable(name, value) {
    if (this.isSucceeded) {
      this.#variables.delete(name);
      this.#variables.set(name, String(value));
    } else {
      log.warn(`variable \`${name}\` is dropped: a job in progress has none`);
    }
    return this;
  }

  /** @param {string} text */
  summary(text) {
    this.#details.summary = text;
    return this;
  }

  /** @param {number} percent */
  percent(percent) {
    this.#details.percentComplete = wholePercent(percent);
    return this;
  }

  /** @param {string} id */
  externalId(id) {
    this.#details.externalExecutionId = id;
    return this;
  }

  /** @param {import('../types/index.js').CurrentRevision} revision */
  currentRevision(revision) {
    if (this.isSucceeded) {
      this.#revision = revision;
    } else {
      log.warn('the current revision is dropped: a job in progress has none');
    }
    return this;
  }

  get isSucceeded() {
    return this.#token === undefined;
  }

  /** @returns {ReadonlyMap<string, string>} */
  get variables() {
    return this.#variables;
  }

  get details() {
    return this.#details;
  }

  get revision() {
    return this.#revision;
  }

  get continuationToken() {
    return this.#token;
  }
}

/**
 * @param {unknown} token
 * @returns {string}
 */
function tokenText(token) {
  /** @type {string | undefined} */
  let text;
  try {
    text = JSON.stringify(token);
  } catch (error) {
    throw Failure.of(error, 'the continuation token cannot be written as JSON');
  }
  if (text === undefined) {
    throw Failure.jobFailed('the continuation token cannot be written as JSON: there is none for undefined or a function');
  }
  return text;
}
