import { get, getBytes } from 'pipefitter:action/secrets@0.1.0';
import { demandJob, wellFormed } from './engine.js';
import { Failure } from './failure.js';

/** @type {Record<import('../types/secrets.js').SecretError['reason'], string>} */
const WORDS = {
  denied: "is not granted to this plugin: the worker's operator can grant it",
  missing: "is granted, and nothing is stored under it: the worker's operator can store it",
  unavailable: 'cannot be read now: trying again later may help',
};

class SecretError extends Failure {
  /**
   * @param {string} secret
   * @param {import('../types/secrets.js').SecretError['reason']} reason
   */
  constructor(secret, reason) {
    super(
      reason === 'unavailable' ? 'system-unavailable' : 'permission-error',
      `the secret \`${secret}\` ${WORDS[reason]}`,
    );
    /** @type {'SecretError'} */
    this.name = 'SecretError';
    this.secret = secret;
    this.reason = reason;
  }
}

/**
 * @template T
 * @param {string} name
 * @param {(name: string) => T} ask
 * @returns {T}
 */
function asked(name, ask) {
  demandJob('a secret');
  try {
    return ask(wellFormed(name));
  } catch (error) {
    const payload = typeof error === 'object' && error !== null && 'payload' in error ? error.payload : undefined;
    if (payload === 'denied' || payload === 'missing' || payload === 'unavailable') throw new SecretError(name, payload);
    throw error;
  }
}

/** @type {typeof import('../types/secrets.js').secrets} */
export const secrets = {
  get: (name) => asked(name, get),
  getBytes: (name) => asked(name, getBytes),
};
