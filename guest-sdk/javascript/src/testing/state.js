// What the host of a test keeps. Mocked are the host's functions alone: everything above them is what runs in a plugin.

export const host = {
  /** @type {{ level: string, message: string, fields: [string, string][] }[]} */
  log: [],
  /** @type {{ percent: number | undefined, summary: string }[]} */
  progress: [],
  threshold: 'trace',
  /** @type {string | undefined} */
  stop: undefined,
  timeRemaining: 0xffff_ffff,
  /** @type {Map<string, Uint8Array | string>} bytes, or `!` and why there are none */
  secrets: new Map(),
  /** As StarlingMonkey has 64-bit integers; else as QuickJS has them. */
  bigints: false,
};
