/**
 * Secrets that the operator grants by name. The manifest has to ask for them:
 *
 * ```toml
 * [capabilities]
 * secrets = [{ name = "deploy-token", reason = "to sign in to deploy.example.com" }]
 * ```
 *
 * A module that imports this needs them: without the lines above the plugin does not build. What is needed only as a
 * header of requests an operator can attach to them, so that the plugin never sees it.
 *
 * @packageDocumentation
 */

import type { Failure } from './result.js';

/** Why there is no secret: `permission-error`, or `system-unavailable` where trying again may help. */
export interface SecretError extends Failure {
  readonly name: 'SecretError';
  /** The name that was asked for. */
  readonly secret: string;
  /** Not granted; granted and not stored; the store does not answer. */
  readonly reason: 'denied' | 'missing' | 'unavailable';
}

export const secrets: {
  /** A secret as text. @throws SecretError */
  get(name: string): string;
  /** A secret as bytes, for those that are not text. @throws SecretError */
  getBytes(name: string): Uint8Array;
};
