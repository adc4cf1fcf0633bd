import { readConfig } from './config.js';
import { Failure } from './failure.js';
import { FileError } from './file-error.js';
import { files } from './files.js';

/** @typedef {import('pipefitter:action/types@0.1.0').Job} WireJob */

/**
 * StarlingMonkey has `undefined` for what is absent, QuickJS `null`.
 *
 * @template T
 * @param {T | null | undefined} value
 * @returns {T | undefined}
 */
const present = (value) => value ?? undefined;

/**
 * @param {string} doing
 * @param {string} artifact
 * @param {string} path
 */
function check(doing, artifact, path) {
  if (path.startsWith('/') || path.split('/').includes('..')) {
    throw Failure.jobFailed(`\`${path}\` leaves ${doing} artifact \`${artifact}\`: give a relative path without \`..\``);
  }
}

class InputArtifact {
  /** @param {WireJob['inputs'][number]} wire */
  constructor(wire) {
    this.name = wire.name;
    this.path = wire.path;
    this.file = present(wire.file);
    this.revision = present(wire.revision);
  }

  files() {
    return files.walk(this.path);
  }

  /** @param {string} path */
  read(path) {
    return this.#told(path, (full) => files.read(full));
  }

  /**
   * @param {string} path
   * @param {import('../types/index.js').TextOptions} [options]
   */
  readText(path, options) {
    return this.#told(path, (full) => files.readText(full, options));
  }

  /**
   * @param {string} path
   * @param {number} [length]
   */
  pieces(path, length) {
    return this.#told(path, (full) => files.pieces(full, length));
  }

  /** @param {string} path */
  stat(path) {
    return this.#told(path, (full) => files.stat(full));
  }

  /** @param {string} path */
  exists(path) {
    return this.#told(path, (full) => files.exists(full));
  }

  /**
   * What is missing in an artifact is a matter of its name, not of where it lies on a worker.
   *
   * @template T
   * @param {string} path
   * @param {(full: string) => T} use
   * @returns {T}
   */
  #told(path, use) {
    check('input', this.name, path);
    try {
      return use(`${this.path}/${path}`);
    } catch (error) {
      throw ofArtifact(error, 'input', this, path);
    }
  }
}

class OutputArtifact {
  /** @param {WireJob['outputs'][number]} wire */
  constructor(wire) {
    this.name = wire.name;
    this.path = wire.path;
  }

  /**
   * @param {string} path
   * @param {string | Uint8Array} content
   */
  write(path, content) {
    this.#into(path, (full) => files.write(full, content));
  }

  /** @param {string} path */
  create(path) {
    return this.#into(path, (full) => files.open(full, 'write'));
  }

  /**
   * @template T
   * @param {string} path
   * @param {(full: string) => T} use
   * @returns {T}
   */
  #into(path, use) {
    check('output', this.name, path);
    const full = `${this.path}/${path}`;
    try {
      if (path.includes('/')) files.mkdir(full.slice(0, full.lastIndexOf('/')));
      return use(full);
    } catch (error) {
      throw ofArtifact(error, 'output', this, path);
    }
  }
}

/**
 * @param {unknown} error
 * @param {'input' | 'output'} kind
 * @param {{ name: string, path: string }} artifact
 * @param {string} path
 */
function ofArtifact(error, kind, artifact, path) {
  if (!(error instanceof FileError)) return error;
  const message = error.message.replaceAll(`\`${error.path}\``, `\`${path}\` of ${kind} artifact \`${artifact.name}\``);
  return new FileError(error.code, error.path, message);
}

export class Job {
  /** @param {WireJob} wire */
  constructor(wire) {
    this.id = wire.id;
    this.attempt = wire.attempt;
    this.accountId = present(wire.accountId);
    this.actionType = wire.actionType;
    /** @type {ReadonlyMap<string, string>} */
    this.configuration = new Map(wire.configuration);
    this.pipeline = {
      pipeline: wire.pipeline.pipeline,
      stage: wire.pipeline.stage,
      action: wire.pipeline.action,
      pipelineArn: present(wire.pipeline.pipelineArn),
      pipelineExecutionId: present(wire.pipeline.pipelineExecutionId),
      actionExecutionId: present(wire.pipeline.actionExecutionId),
    };
    this.inputs = wire.inputs.map((input) => new InputArtifact(input));
    this.outputs = wire.outputs.map((output) => new OutputArtifact(output));
    this.scratch = present(wire.scratch);
    this.continuationToken = present(wire.continuationToken);
    /** @type {ReadonlyMap<string, string>} */
    this.attributes = new Map(wire.attributes);
  }

  /**
   * @template {import('../types/index.js').Schema} S
   * @param {S} schema
   */
  config(schema) {
    return /** @type {import('../types/index.js').ConfigOf<S>} */ (readConfig(this.configuration, schema));
  }

  /** @param {string} key */
  configValue(key) {
    return this.configuration.get(key);
  }

  /** @param {string} name */
  attribute(name) {
    return this.attributes.get(name);
  }

  /**
   * @template T
   * @returns {T | undefined}
   */
  token() {
    if (this.continuationToken === undefined) return undefined;
    try {
      return JSON.parse(this.continuationToken);
    } catch {
      // The error's text may quote the token.
      throw Failure.jobFailed(
        'the continuation token is not one that this version of the plugin makes: start the action again',
      );
    }
  }

  /** @param {string} name */
  input(name) {
    return named(this.inputs, 'input', name);
  }

  firstInput() {
    return first(this.inputs, 'input', this.pipeline.action);
  }

  /** @param {string} name */
  output(name) {
    return named(this.outputs, 'output', name);
  }

  firstOutput() {
    return first(this.outputs, 'output', this.pipeline.action);
  }

  scratchDir() {
    if (this.scratch === undefined) {
      throw Failure.permissionError(
        "this action needs a directory for temporary files: the worker's operator grants it with `scratch = true` " +
          "under the plugin's `grant`",
      );
    }
    return this.scratch;
  }

  toJSON() {
    const { configuration, continuationToken, attributes, ...rest } = this;
    return {
      ...rest,
      configurationKeys: [...configuration.keys()],
      continues: continuationToken !== undefined,
      attributes: Object.fromEntries(attributes),
    };
  }
}

/**
 * @template {{ name: string }} T
 * @param {readonly T[]} artifacts
 * @param {'input' | 'output'} kind
 * @param {string} name
 * @returns {T}
 */
function named(artifacts, kind, name) {
  const found = artifacts.find((artifact) => artifact.name === name);
  if (found !== undefined) return found;
  const there = artifacts.map((artifact) => `\`${artifact.name}\``).join(', ') || 'none';
  throw Failure.configurationError(`the action needs an ${kind} artifact named \`${name}\`; the pipeline gives it ${there}`);
}

/**
 * @template T
 * @param {readonly T[]} artifacts
 * @param {'input' | 'output'} kind
 * @param {string} action
 * @returns {T}
 */
function first(artifacts, kind, action) {
  const found = artifacts[0];
  if (found !== undefined) return found;
  throw Failure.configurationError(
    `action \`${action}\` needs an ${kind} artifact: give it one in the pipeline's definition`,
  );
}
