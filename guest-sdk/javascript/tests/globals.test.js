import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { beforeEach, test } from 'node:test';
import { takeLog } from 'pipefitter-sdk/testing';
import { forTests } from '../src/globals.js';
import { inspect } from '../src/inspect.js';

const { console: ours, crypto, random } = forTests;

beforeEach(() => takeLog());

test('console writes to the log at the level that it names', () => {
  ours.log('a', 1, { b: [2] });
  ours.debug('d');
  ours.warn('w');
  ours.error(new Error('bad'));
  ours.assert(true, 'no');
  ours.assert(false, 'yes');
  const lines = takeLog().map(({ level, message }) => `${level} ${message.split('\n')[0]}`);
  assert.deepEqual(lines, ['info a 1 {b: [2]}', 'debug d', 'warn w', 'error Error: bad', 'error assertion failed yes']);
});

test('anything can be shown, and nothing of it without end', () => {
  const circle = { name: 'c' };
  circle.self = circle;
  class Point {
    x = 1;
  }
  for (const [value, text] of [
    [circle, '{name: "c", self: [circular]}'],
    [new Map([['a', new Set([1])]]), 'Map {"a" => Set {1}}'],
    [new Point(), 'Point {x: 1}'],
    [[1n, null, undefined, Symbol('s'), () => 1], '[1n, null, undefined, Symbol(s), [function without a name]]'],
    [new Uint8Array(3), 'Uint8Array(3 bytes)'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [[[[[[1]]]]], '[[[[[...]]]]]'],
    [{ get bad() { throw new Error('no'); } }, '[cannot be shown]'],
    [Object.create(null), '{}'],
  ]) {
    assert.equal(inspect(value), text);
  }
  assert.match(inspect(Array.from({ length: 200 }, () => 0)), /\.\.\. 100 more\]$/);
});

test('random numbers differ and lie where they should', () => {
  const numbers = Array.from({ length: 1_000 }, random);
  assert.equal(new Set(numbers).size, 1_000);
  assert.ok(numbers.every((number) => number >= 0 && number < 1));
  const mean = numbers.reduce((sum, number) => sum + number) / 1_000;
  assert.ok(mean > 0.4 && mean < 0.6, String(mean));
  assert.match(crypto.randomUUID(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const [a, b] = [crypto.getRandomValues(new Uint8Array(16)), crypto.getRandomValues(new Uint8Array(16))];
  assert.notDeepEqual(a, b);
});

test('the host is named as not there yet where a plugin calls it while it is built', () => {
  // A process of its own, in which no test plays the host.
  const script = `
    const { register } = await import('node:module');
    register('./src/testing/hooks.js', ${JSON.stringify(new URL('../', import.meta.url).href)});
    const { log, files, control } = await import('pipefitter-sdk');
    for (const call of [() => log.info('x'), () => files.read('/x'), () => control.timeRemaining()]) {
      try { call(); process.stdout.write('called\\n'); } catch (error) { process.stdout.write(error.message + '\\n'); }
    }
    console.log('a greeting at the start is no error');
  `;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.equal(said.match(/cannot be used here: code outside of the plugin's function runs once/g)?.length, 3, said);
});
