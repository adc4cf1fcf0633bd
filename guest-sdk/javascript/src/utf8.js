// UTF-8 in both directions, for QuickJS, which has neither TextEncoder nor TextDecoder. What decoding does with bytes
// that are not UTF-8 is the WHATWG's algorithm, so that both engines and node agree.

import { Failure } from './failure.js';

/** Arguments of one call to String.fromCharCode: far from any engine's limit. */
const UNITS = 4096;

/**
 * @param {string} text
 * @returns {Uint8Array}
 */
export function encodeUtf8(text) {
  const bytes = new Uint8Array(text.length * 3);
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    let point = text.charCodeAt(at);
    if (point < 0x80) {
      bytes[end++] = point;
      continue;
    }
    if (point >= 0xd800 && point < 0xe000) {
      const low = text.charCodeAt(at + 1);
      if (point < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        at++;
      } else {
        point = 0xfffd;
      }
    }
    if (point < 0x800) {
      bytes[end++] = 0xc0 | (point >> 6);
    } else {
      if (point < 0x10000) {
        bytes[end++] = 0xe0 | (point >> 12);
      } else {
        bytes[end++] = 0xf0 | (point >> 18);
        bytes[end++] = 0x80 | ((point >> 12) & 0x3f);
      }
      bytes[end++] = 0x80 | ((point >> 6) & 0x3f);
    }
    bytes[end++] = 0x80 | (point & 0x3f);
  }
  return bytes.slice(0, end);
}

/** A decoder that takes its bytes in pieces. */
export class Utf8Decoder {
  #fatal;
  #needed = 0;
  #seen = 0;
  #point = 0;
  #lower = 0x80;
  #upper = 0xbf;

  /** @param {boolean} fatal */
  constructor(fatal) {
    this.#fatal = fatal;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {boolean} last whether no more bytes follow
   * @returns {string}
   */
  decode(bytes, last) {
    let text = '';
    /** @type {number[]} */
    let units = [];
    const flush = () => {
      text += String.fromCharCode.apply(null, units);
      units = [];
    };
    for (let at = 0; at < bytes.length; at++) {
      const byte = /** @type {number} */ (bytes[at]);
      if (this.#needed === 0) {
        if (byte < 0x80) {
          // Most text is mostly this: whole runs at once.
          let end = at + 1;
          const stop = Math.min(bytes.length, at + UNITS);
          while (end < stop && /** @type {number} */ (bytes[end]) < 0x80) end++;
          if (units.length > 0) flush();
          text += String.fromCharCode.apply(null, /** @type {any} */ (bytes.subarray(at, end)));
          at = end - 1;
        } else if (!this.#begins(byte)) {
          units.push(this.#bad());
        }
      } else if (byte < this.#lower || byte > this.#upper) {
        this.#reset();
        units.push(this.#bad());
        // This byte may begin another character.
        at--;
      } else {
        this.#lower = 0x80;
        this.#upper = 0xbf;
        this.#point = (this.#point << 6) | (byte & 0x3f);
        if (++this.#seen === this.#needed) {
          const point = this.#point;
          this.#reset();
          if (point < 0x10000) {
            units.push(point);
          } else {
            units.push(0xd7c0 + (point >> 10), 0xdc00 + (point & 0x3ff));
          }
        }
      }
      if (units.length >= UNITS) flush();
    }
    if (last && this.#needed > 0) {
      this.#reset();
      units.push(this.#bad());
    }
    flush();
    return text;
  }

  /** @param {number} byte */
  #begins(byte) {
    if (byte >= 0xc2 && byte <= 0xdf) {
      this.#needed = 1;
      this.#point = byte & 0x1f;
    } else if (byte >= 0xe0 && byte <= 0xef) {
      if (byte === 0xe0) this.#lower = 0xa0;
      if (byte === 0xed) this.#upper = 0x9f;
      this.#needed = 2;
      this.#point = byte & 0xf;
    } else if (byte >= 0xf0 && byte <= 0xf4) {
      if (byte === 0xf0) this.#lower = 0x90;
      if (byte === 0xf4) this.#upper = 0x8f;
      this.#needed = 3;
      this.#point = byte & 0x7;
    } else {
      return false;
    }
    return true;
  }

  #bad() {
    if (this.#fatal) {
      this.#reset();
      throw new TypeError('the bytes are not UTF-8');
    }
    return 0xfffd;
  }

  #reset() {
    this.#needed = this.#seen = this.#point = 0;
    this.#lower = 0x80;
    this.#upper = 0xbf;
  }
}

/** @type {typeof import('../types/index.js').utf8} */
export const utf8 = {
  encode(text) {
    return typeof TextEncoder === 'function' ? new TextEncoder().encode(text) : encodeUtf8(text);
  },

  decode(bytes, options = {}) {
    const fatal = options.lossy !== true;
    try {
      return typeof TextDecoder === 'function'
        ? new TextDecoder('utf-8', { fatal, ignoreBOM: true }).decode(bytes)
        : new Utf8Decoder(fatal).decode(bytes, true);
    } catch {
      throw new Failure('job-failed', 'the bytes are not UTF-8');
    }
  },
};
