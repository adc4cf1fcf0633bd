// Typed configuration. CodePipeline's values are texts, so numbers and booleans are parsed here. Errors know the key
// they came up at, because whoever reads them sees only the action's form in the console.

import { Failure } from './failure.js';

/** Characters of a value that a message shows. */
const SHOWN = 60;

/** @template T */
class TextReader {
  /**
   * @param {(text: string) => T} read throws what is wrong, as text for a person
   * @param {(() => T) | undefined} absent
   */
  constructor(read, absent) {
    this.read = read;
    this.absent = absent;
  }

  /** @returns {TextReader<T | undefined>} */
  optional() {
    return new TextReader(/** @type {(text: string) => T | undefined} */ (this.read), () => undefined);
  }

  /** @param {T} value */
  default(value) {
    return new TextReader(this.read, () => value);
  }

  /**
   * @template U
   * @param {(value: T) => U} make
   */
  map(make) {
    const { read, absent } = this;
    return new TextReader((text) => make(read(text)), absent && (() => make(absent())));
  }
}

/**
 * @template T
 * @param {(text: string) => T} read
 * @returns {TextReader<T>}
 */
const reader = (read) => new TextReader(read, undefined);

/** @param {string} text */
function clipped(text) {
  const characters = [...text];
  return characters.length <= SHOWN ? `\`${text}\`` : `\`${characters.slice(0, SHOWN).join('')}...\``;
}

export const string = () => reader((text) => text);

/** @param {import('../types/index.js').Bounds} [bounds] */
export const number = (bounds = {}) =>
  reader((text) => {
    const trimmed = text.trim();
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : NaN;
    if (!within(value, bounds)) throw new Error(`${clipped(text)} is not a number${range(bounds)}`);
    return value;
  });

/** @param {import('../types/index.js').Bounds} [bounds] */
export const integer = (bounds = {}) =>
  reader((text) => {
    const trimmed = text.trim();
    const value = /^[+-]?\d+$/.test(trimmed) ? Number(trimmed) : NaN;
    if (!Number.isSafeInteger(value) || !within(value, bounds)) {
      throw new Error(`${clipped(text)} is not a whole number${range(bounds)}`);
    }
    return value;
  });

/**
 * @param {number} value
 * @param {import('../types/index.js').Bounds} bounds
 */
const within = (value, { min = -Infinity, max = Infinity }) => Number.isFinite(value) && value >= min && value <= max;

/** @param {import('../types/index.js').Bounds} bounds */
function range({ min, max }) {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` from ${min} on`;
  return max === undefined ? '' : ` up to ${max}`;
}

export const boolean = () =>
  reader((text) => {
    const word = text.trim().toLowerCase();
    if (word !== 'true' && word !== 'false') throw new Error(`${clipped(text)} is not \`true\` or \`false\``);
    return word === 'true';
  });

/**
 * @template {string} T
 * @param {readonly T[]} values
 */
export const oneOf = (...values) =>
  reader((text) => {
    const found = values.find((value) => value === text.trim());
    if (found === undefined) {
      throw new Error(`${clipped(text)} is not one of ${values.map((value) => `\`${value}\``).join(', ')}`);
    }
    return found;
  });

/** @param {import('../types/index.js').Reader<any>} [item] */
export const list = (item = string()) =>
  reader((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => ofSchema(item, 'the item of a list').read(part)),
  );

/** @type {typeof import('../types/index.js').json} */
export const json = () =>
  reader((text) => {
    try {
      return JSON.parse(text);
    } catch {
      // Engines say what is wrong in words of their own.
      throw new Error(`${clipped(text)} is not JSON`);
    }
  });

/**
 * @param {unknown} declared
 * @param {string} field
 * @returns {TextReader<any>}
 */
function ofSchema(declared, field) {
  if (declared instanceof TextReader) return declared;
  throw new TypeError(`\`${field}\` of the schema is no reader: use string(), number() and their like`);
}

/**
 * The form uses `min-words`, JavaScript `minWords`.
 *
 * @param {string} name
 */
const joined = (name) => name.replace(/[-_]/g, '').toLowerCase();

/**
 * @param {ReadonlyMap<string, string>} configuration
 * @param {import('../types/index.js').Schema} schema
 * @returns {Record<string, unknown>}
 */
export function readConfig(configuration, schema) {
  /** @type {Record<string, unknown>} */
  const values = {};
  for (const [field, declared] of Object.entries(schema)) {
    const key = configuration.has(field)
      ? field
      : [...configuration.keys()].find((given) => joined(given) === joined(field));
    const text = key === undefined ? undefined : configuration.get(key);
    const name = key ?? field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const reads = ofSchema(declared, field);
    try {
      values[field] = valueOf(reads, text);
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw Failure.configurationKey(name, Failure.of(error).message);
    }
  }
  return values;
}

/**
 * @param {TextReader<unknown>} declared
 * @param {string | undefined} text
 */
function valueOf(declared, text) {
  if (text !== undefined && text !== '') return declared.read(text);
  if (declared.absent === undefined) throw new Error('a value is required');
  return declared.absent();
}
