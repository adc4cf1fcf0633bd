import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { runs, table } from '../bundle-lines.mjs';
import { stackOf } from '../src/stack.js';

const TABLE = Symbol.for('pipefitter-sdk.lines');

afterEach(() => {
  delete globalThis[TABLE];
});

function errorWith(stack) {
  return Object.assign(new Error('bad'), { stack });
}

// Lines 1 to 3 are a.js 1, 2 and 6; 5 and 6 are b.ts 10 and 11, of which 6 has two places.
const MAP = { sources: ['lib/a.js', 'plugin.ts'], mappings: 'AAAA;AACA;AAIA;;ACIA;AACA,GAAG' };

test('runs of lines are found in a source map', () => {
  assert.deepEqual(runs(MAP.mappings), [
    [1, 0, 1],
    [3, 0, 6],
    [5, 1, 10],
  ]);
});

test('stacks of both engines name the files and lines that a person has', () => {
  new Function(table(MAP))();
  const quickjs = '    at f (/plugin.ts:6:20)\n    at <anonymous> (/plugin.ts:2:1)\n    at native\n';
  assert.equal(
    stackOf(errorWith(quickjs)),
    'Error: bad\n    at f (plugin.ts:11:20)\n    at <anonymous> (lib/a.js:2:1)\n    at native',
  );
  const starlingmonkey = 'f@plugin.js:6:20\nrun@plugin.js:2:1\nfn@/tmp/d9/sources/initializer.js:1:2\n';
  assert.equal(stackOf(errorWith(starlingmonkey)), 'Error: bad\nf@plugin.ts:11:20\nrun@lib/a.js:2:1');
});

test('an endless stack is cut, and causes are told', () => {
  const deep = stackOf(errorWith('f@plugin.js:1:1\n'.repeat(100)));
  assert.equal(deep.split('\n').length, 22);
  assert.match(deep, /and 80 more$/);
  const outer = new Error('outer', { cause: errorWith('') });
  assert.match(stackOf(outer), /^Error: outer\n[^]*\ncaused by Error: bad$/);
});
