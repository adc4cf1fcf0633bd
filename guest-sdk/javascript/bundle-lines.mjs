// Where a line of the bundle comes from, so that the stacks in a job's log name the plugin's own files and lines. A source
// map would be too much to carry: lines are enough, and most of them run on as in their file.

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * The numbers of a segment of a source map.
 *
 * @param {string} segment
 * @returns {number[]}
 */
function numbers(segment) {
  const found = [];
  let [value, shift] = [0, 0];
  for (const letter of segment) {
    const digit = DIGITS.indexOf(letter);
    value |= (digit & 31) << shift;
    shift += 5;
    if ((digit & 32) === 0) {
      found.push(value & 1 ? -(value >> 1) : value >> 1);
      [value, shift] = [0, 0];
    }
  }
  return found;
}

/**
 * Runs of lines: `[line of the bundle, source, line of the source]`, each until the next, counted from 1.
 *
 * @param {string} mappings of a source map
 * @returns {[number, number, number][]}
 */
export function runs(mappings) {
  /** @type {[number, number, number][]} */
  const found = [];
  let [source, line] = [0, 0];
  for (const [index, segments] of mappings.split(';').entries()) {
    /** @type {[number, number] | undefined} */
    let first;
    for (const segment of segments.split(',')) {
      const [, toSource = 0, toLine = 0] = numbers(segment);
      source += toSource;
      line += toLine;
      if (segment !== '') first ??= [source, line];
    }
    if (first === undefined) continue;
    const last = found.at(-1);
    const goesOn = last !== undefined && last[1] === first[0] && first[1] + 1 - last[2] === index + 1 - last[0];
    if (!goesOn) found.push([index + 1, first[0], first[1] + 1]);
  }
  return found;
}

/**
 * The table as a statement, for the end of the bundle.
 *
 * @param {{ sources: string[], mappings: string }} map
 * @returns {string}
 */
export function table(map) {
  const content = JSON.stringify({ sources: map.sources, runs: runs(map.mappings) });
  return `globalThis[Symbol.for('pipefitter-sdk.lines')] = ${content};`;
}
