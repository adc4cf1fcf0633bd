import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boolean, integer, json, list, number, oneOf, string } from 'pipefitter-sdk';
import { testJob } from 'pipefitter-sdk/testing';

const read = (configuration, schema) => testJob({ configuration }).config(schema);

const fails = (configuration, schema, message) =>
  assert.throws(() => read(configuration, schema), { kind: 'configuration-error', message });

test('values are read as what the schema says', () => {
  const config = read(
    { text: ' as it is ', ratio: ' 1.5e3 ', count: '-7', on: 'TRUE', mode: 'slow', paths: 'docs/*, *.md,', extra: '{"a":[1]}' },
    {
      text: string(),
      ratio: number(),
      count: integer(),
      on: boolean(),
      mode: oneOf('fast', 'slow'),
      paths: list(),
      extra: json(),
    },
  );
  assert.deepEqual(config, {
    text: ' as it is ',
    ratio: 1500,
    count: -7,
    on: true,
    mode: 'slow',
    paths: ['docs/*', '*.md'],
    extra: { a: [1] },
  });
});

test('a field takes its key however its words are joined', () => {
  for (const key of ['minWords', 'min-words', 'min_words']) {
    assert.deepEqual(read({ [key]: '3' }, { minWords: integer() }), { minWords: 3 });
  }
});

test('an absent key and an empty value are what the schema says', () => {
  const schema = { a: string().optional(), b: integer().default(5), c: list().default([]) };
  for (const configuration of [{}, { a: '', b: '', c: '' }]) {
    assert.deepEqual(read(configuration, schema), { a: undefined, b: 5, c: [] });
  }
});

test('what does not fit names the key and what it takes', () => {
  fails({}, { minWords: integer() }, 'configuration `min-words`: a value is required');
  fails({ 'min-words': 'many' }, { minWords: integer() }, 'configuration `min-words`: `many` is not a whole number');
  fails({ n: '1.5' }, { n: integer({ min: 1, max: 9 }) }, 'configuration `n`: `1.5` is not a whole number from 1 to 9');
  fails({ n: '0' }, { n: integer({ min: 1 }) }, 'configuration `n`: `0` is not a whole number from 1 on');
  fails({ n: '9007199254740993' }, { n: integer() }, 'configuration `n`: `9007199254740993` is not a whole number');
  for (const n of ['0x10', 'NaN', 'Infinity', '1e999', '', ' ', '1 2']) {
    assert.throws(() => read({ n }, { n: number() }), { kind: 'configuration-error' }, n);
  }
  fails({ on: 'yes' }, { on: boolean() }, 'configuration `on`: `yes` is not `true` or `false`');
  fails({ m: 'x' }, { m: oneOf('a', 'b') }, 'configuration `m`: `x` is not one of `a`, `b`');
  fails({ l: '1,x' }, { l: list(integer()) }, 'configuration `l`: `x` is not a whole number');
  fails({ j: '{' }, { j: json() }, 'configuration `j`: `{` is not JSON');
  fails({ j: 'x'.repeat(61) }, { j: json() }, `configuration \`j\`: \`${'x'.repeat(60)}...\` is not JSON`);
});

test('a value can be made into something else, and what that throws names the key', () => {
  const schema = {
    pair: string()
      .map((text) => {
        if (!text.includes('=')) throw new Error('a pair has a `=`');
        return text.split('=');
      })
      .optional(),
  };
  assert.deepEqual(read({ pair: 'a=b' }, schema).pair, ['a', 'b']);
  assert.equal(read({}, schema).pair, undefined);
  fails({ pair: 'ab' }, schema, 'configuration `pair`: a pair has a `=`');
});

test('a mistake in the schema is not called one of the configuration', () => {
  assert.throws(() => read({}, { a: 'string' }), { name: 'TypeError', message: /`a` of the schema is no reader/ });
});
