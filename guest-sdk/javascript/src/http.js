import { isQuickJs } from './engine.js';
import { Failure } from './failure.js';
import { utf8 } from './utf8.js';

/** Milliseconds for a whole answer. */
const TIMEOUT = 30_000;

function demandNetwork() {
  if (isQuickJs() || typeof fetch !== 'function') {
    throw Failure.jobFailed(
      'this plugin was built without the network: ask for it with `network` in [capabilities] of action.toml, or ' +
        'choose `engine = "starlingmonkey"` in [build], and build it again',
    );
  }
}

class Response {
  /**
   * @param {string} origin
   * @param {number} status
   * @param {ReadonlyMap<string, string>} headers
   * @param {Uint8Array} bytes
   */
  constructor(origin, status, headers, bytes) {
    this.#origin = origin;
    this.status = status;
    this.headers = headers;
    this.bytes = bytes;
  }

  #origin;

  get ok() {
    return this.status >= 200 && this.status < 300;
  }

  get text() {
    return utf8.decode(this.bytes, { lossy: true });
  }

  /** @param {string} name */
  header(name) {
    return this.headers.get(name.toLowerCase());
  }

  json() {
    try {
      return JSON.parse(this.text);
    } catch {
      throw Failure.jobFailed(`${this.#origin} answered with ${this.status} and something that is not JSON`);
    }
  }
}

/** @type {typeof import('../types/http.js').request} */
export async function request(url, options = {}) {
  demandNetwork();
  /** @type {URL} */
  let target;
  try {
    target = new URL(url);
  } catch {
    // The path of a URL may be a secret.
    throw Failure.configurationError('a URL for a request is not one: it needs a scheme, a host and a path');
  }
  const { method = 'GET', json, timeout = TIMEOUT } = options;
  const headers = new Headers(options.headers);
  let body = options.body;
  if (json !== undefined) {
    body = JSON.stringify(json);
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
  }
  try {
    const answer = await fetch(target.href, {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
      ...(body === undefined ? {} : { body: /** @type {BodyInit} */ (body) }),
    });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return new Response(target.origin, answer.status, new Map(answer.headers), bytes);
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError';
    throw Failure.systemUnavailable(
      late
        ? `${target.origin} did not answer within ${timeout / 1000} seconds`
        : `${target.origin} could not be reached: the job's log says so if it is not granted to the plugin`,
    );
  }
}

/** @type {typeof import('../types/http.js').sleep} */
export async function sleep(milliseconds) {
  demandNetwork();
  await new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
