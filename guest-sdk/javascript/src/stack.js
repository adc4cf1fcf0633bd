// Errors with their stacks, for whoever develops a plugin: its own files and lines, and no more of them than help.

/** Where `bundle-lines.mjs` puts its table. */
const TABLE = Symbol.for('pipefitter-sdk.lines');

/** Frames of a stack: what recursion without end leaves would fill the log. */
const FRAMES = 20;

/**
 * An error with its stack. Some engines begin a stack with the error's message, others do not.
 *
 * @param {Error} error
 * @returns {string}
 */
export function stackOf(error) {
  const title = error.message === '' ? error.name : `${error.name}: ${error.message}`;
  const stack = typeof error.stack === 'string' ? error.stack : '';
  const frames = (stack.startsWith(title) ? stack.slice(title.length) : stack)
    .split('\n')
    // StarlingMonkey's own.
    .filter((frame) => frame.trim() !== '' && !frame.includes('/initializer.js:'))
    .map(placed);
  const shown = frames.slice(0, FRAMES);
  if (frames.length > FRAMES) shown.push(`    and ${frames.length - FRAMES} more`);
  const text = [title, ...shown].join('\n');
  return error.cause instanceof Error ? `${text}\ncaused by ${stackOf(error.cause)}` : text;
}

/**
 * A frame with the place that a person knows. Engines call the bundle by the name of the plugin's source.
 *
 * @param {string} frame
 * @returns {string}
 */
function placed(frame) {
  const table = /** @type {{ [TABLE]?: { sources: string[], runs: [number, number, number][] } }} */ (globalThis)[TABLE];
  if (table === undefined) return frame;
  return frame.replace(/[\w./-]*\.[cm]?[jt]s:(\d+)/, (place, number) => {
    const line = Number(number);
    const run = table.runs.findLast(([from]) => from <= line);
    return run === undefined ? place : `${table.sources[run[1]]}:${run[2] + line - run[0]}`;
  });
}
