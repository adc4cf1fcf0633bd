// What the web has and QuickJS has not: console, TextEncoder, TextDecoder, random numbers. `console` writes to the job's
// log on both engines, at the level that it names.

import { getRandomBytes } from 'wasi:random/random@0.2.12';
import { demandJob, isQuickJs, isRunning, NATIVE } from './engine.js';
import { inspect } from './inspect.js';
import { log } from './log.js';
import { stackOf } from './stack.js';
import { encodeUtf8, Utf8Decoder } from './utf8.js';

/**
 * @param {unknown[]} values
 * @returns {string}
 */
function line(values) {
  return values.map((value) => inspect(value)).join(' ');
}

/** @param {import('../types/index.js').Level} level */
const says =
  (level) =>
  /** @param {unknown[]} values */
  (...values) => {
    // While the plugin is built there is no log, and a library that greets at its start is no error.
    if (isRunning()) log.write(level, line(values));
  };

const ours = {
  trace: /** @param {unknown[]} values */ (...values) => says('trace')(line(values), stackOf(new Error('trace'))),
  debug: says('debug'),
  log: says('info'),
  info: says('info'),
  warn: says('warn'),
  error: says('error'),
  dir: says('info'),
  assert: /** @type {(holds?: unknown, ...values: unknown[]) => void} */ (holds, ...values) => {
    if (!holds) says('error')('assertion failed', ...values);
  },
};

class TextEncoder {
  get encoding() {
    return 'utf-8';
  }

  encode(text = '') {
    return encodeUtf8(String(text));
  }

  /**
   * @param {string} text
   * @param {Uint8Array} into
   */
  encodeInto(text, into) {
    let [read, written] = [0, 0];
    for (const character of text) {
      const bytes = encodeUtf8(character);
      if (written + bytes.length > into.length) break;
      into.set(bytes, written);
      written += bytes.length;
      read += character.length;
    }
    return { read, written };
  }
}

class TextDecoder {
  #decoder;
  #begun = false;
  encoding = 'utf-8';

  constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
    if (!['utf-8', 'utf8', 'unicode-1-1-utf-8'].includes(String(label).trim().toLowerCase())) {
      throw new RangeError(`\`${label}\`: on QuickJS there is UTF-8 alone`);
    }
    this.fatal = fatal;
    this.ignoreBOM = ignoreBOM;
    this.#decoder = new Utf8Decoder(fatal);
  }

  /** @param {ArrayBuffer | ArrayBufferView} [bytes] */
  decode(bytes = new Uint8Array(), { stream = false } = {}) {
    const view = ArrayBuffer.isView(bytes)
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new Uint8Array(bytes);
    let text = this.#decoder.decode(view, !stream);
    if (!this.#begun && text !== '') {
      if (!this.ignoreBOM && text.startsWith('\ufeff')) text = text.slice(1);
      this.#begun = true;
    }
    if (!stream) this.#begun = false;
    return text;
  }
}

/**
 * Random numbers of the host's. QuickJS takes the seed of Math.random with it from where the plugin was built: every job
 * would draw the same ones.
 *
 * @param {number} length
 */
function randomBytes(length) {
  demandJob('a random number');
  return getRandomBytes(length);
}

/** @type {Uint8Array} */
let drawn = new Uint8Array();
let used = 0;

function random() {
  if (used + 7 > drawn.length) {
    drawn = randomBytes(448);
    used = 0;
  }
  let value = 0;
  // 53 bits, as many as a number holds.
  for (let index = 0; index < 7; index++) {
    const byte = /** @type {number} */ (drawn[used + index]);
    value = value * 256 + (index === 0 ? byte & 0x1f : byte);
  }
  used += 7;
  return value / 2 ** 53;
}

const crypto = {
  /**
   * @template {ArrayBufferView} T
   * @param {T} array
   * @returns {T}
   */
  getRandomValues(array) {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    bytes.set(randomBytes(bytes.length));
    return array;
  },

  randomUUID() {
    const hex = [...randomBytes(16)].map((byte, index) => {
      if (index === 6) byte = (byte & 0x0f) | 0x40;
      if (index === 8) byte = (byte & 0x3f) | 0x80;
      return byte.toString(16).padStart(2, '0');
    });
    return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  },
};

/** @param {Record<string, unknown>} values */
function define(values) {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
}

if (!(NATIVE in globalThis)) define({ console: ours });
if (isQuickJs()) {
  define({ TextEncoder, TextDecoder, crypto });
  const fixed = Math.random;
  Math.random = () => (isRunning() ? random() : fixed());
}

/** For tests under node, which has all of this. */
export const forTests = { console: ours, TextEncoder, TextDecoder, crypto, random };
