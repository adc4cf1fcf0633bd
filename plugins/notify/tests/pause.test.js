import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pauseAfter, quoted } from '../src/deliver.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');

test('the server says how long to wait, in seconds or as a date', () => {
  assert.equal(pauseAfter(1, '7', NOW), 7_000);
  assert.equal(pauseAfter(3, ' 0 ', NOW), 0);
  assert.equal(pauseAfter(1, 'Fri, 20 Nov 2026 12:00:09 GMT', NOW), 9_000);
  assert.equal(pauseAfter(1, 'Fri, 20 Nov 2026 11:00:00 GMT', NOW), 0);
});

test('without a word, or with one that cannot be read, each pause is longer than the last', () => {
  for (const told of [undefined, '', 'soon', '-1', '1.5']) {
    assert.deepEqual([1, 2, 3].map((attempt) => pauseAfter(attempt, told, NOW)), [1_000, 2_000, 4_000], told);
  }
});

test('nobody waits for longer than a minute', () => {
  assert.equal(pauseAfter(1, '60', NOW), 60_000);
  assert.equal(pauseAfter(1, '61', NOW), undefined);
  assert.equal(pauseAfter(8, undefined, NOW), undefined);
  assert.equal(pauseAfter(1, '9'.repeat(400), NOW), undefined);
});

test('an answer is quoted without what its URL keeps secret', () => {
  const url = new URL('https://e.example/hooks/abc?sig=xyz');
  assert.equal(quoted('no hook /hooks/abc?sig=xyz, sig=xyz, /hooks/abc', url), ': no hook [...], [...], [...]');
  assert.equal(quoted(' \n ', url), '');
  assert.equal(quoted('😀'.repeat(201), new URL('https://e.example/')), `: ${'😀'.repeat(200)}...`);
});
