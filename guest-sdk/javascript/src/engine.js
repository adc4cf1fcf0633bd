// What differs between the places that this code runs in: two engines, and node for tests.

/** Set by `testing/register.js`: under node there is no host, and no build before the run. */
export const NATIVE = Symbol.for('pipefitter-sdk.native');

let running = false;

/** A job is there: from now on the host's functions can be called. */
export function begin() {
  running = true;
}

/** @returns {boolean} */
export function isRunning() {
  return running || NATIVE in globalThis;
}

/**
 * The host's functions trap while the engine's state is being prepared, with no word of why.
 *
 * @param {string} what
 */
export function demandJob(what) {
  if (!isRunning()) {
    throw new Error(
      `${what} cannot be used here: code outside of the plugin's function runs once, when the plugin is built`,
    );
  }
}

/** @returns {boolean} */
export function isQuickJs() {
  return '__cqjs' in globalThis;
}

/**
 * Text that crosses to the host must be Unicode: half of a surrogate pair traps on one engine.
 *
 * @param {unknown} text
 * @returns {string}
 */
export function wellFormed(text) {
  const string = String(text);
  // node 20 has it, and both engines.
  return /** @type {string & { toWellFormed(): string }} */ (string).toWellFormed();
}
