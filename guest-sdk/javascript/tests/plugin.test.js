import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { control, Failure, log, Outcome, plugin } from 'pipefitter-sdk';
import { run, runAsync, setStopRequested, setThreshold, setTimeRemaining, takeLog, takeProgress, testJob } from 'pipefitter-sdk/testing';

beforeEach(() => {
  takeLog();
  takeProgress();
});

/** What the host gets from a plugin that throws this. */
function thrown(value) {
  try {
    plugin(() => {
      throw value;
    }).run({ ...wire });
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}

const wire = {
  id: 'j',
  attempt: 1,
  actionType: { category: 'Build', owner: 'Custom', provider: 'P', version: '1' },
  configuration: [],
  pipeline: { pipeline: 'p', stage: 's', action: 'a' },
  inputs: [],
  outputs: [],
  attributes: [],
};

test('a success has all that was set', () => {
  const created = new Date(1_500);
  const handler = plugin((job) =>
    Outcome.succeeded()
      .variable('a', 1)
      .variable('b', true)
      .variable('a', job.configValue('x'))
      .summary('done')
      .percent(120)
      .externalId('7')
      .currentRevision({ revision: 'r', changeIdentifier: 'c', created, summary: 's' }),
  );
  assert.deepEqual(handler.run({ ...wire, configuration: [['x', 'y']] }), {
    tag: 'succeeded',
    val: {
      variables: [['b', 'true'], ['a', 'y']],
      details: { summary: 'done', externalExecutionId: '7', percentComplete: 100 },
      currentRevision: { revision: 'r', changeIdentifier: 'c', created: 1.5, summary: 's' },
    },
  });
});

test('a token comes back as it was given', () => {
  const handler = plugin((job) => {
    const step = job.token();
    return step === undefined ? Outcome.inProgress({ step: 2 }).percent(50) : Outcome.succeeded().variable('step', step.step);
  });
  const first = run(handler);
  assert.equal(first.isSucceeded, false);
  assert.equal(first.details.percentComplete, 50);
  const second = run(handler, { continuationToken: first.continuationToken });
  assert.deepEqual([...second.variables], [['step', '2']]);
});

test('a token that cannot be sent says what to do', () => {
  assert.equal(Outcome.inProgress('x'.repeat(1_698)).continuationToken.length, 1_700);
  assert.throws(() => Outcome.inProgress('x'.repeat(1_699)), { kind: 'job-failed', message: /1701 characters of at most 1700/ });
  assert.throws(() => Outcome.inProgress(undefined), { message: /cannot be written as JSON/ });
  assert.throws(() => Outcome.inProgress({ n: 1n }), { message: /cannot be written as JSON/ });
  assert.throws(() => testJob({ continuationToken: 'hush' }).token(), (error) => !error.message.includes('hush'));
});

test('a job in progress has no variables, and says so in the log', () => {
  const outcome = run(plugin(() => Outcome.inProgress(1).variable('a', 1)));
  assert.equal(outcome.variables.size, 0);
  assert.match(takeLog()[0].message, /variable `a` is dropped/);
});

test('a failure is sent as it is, without a word in the log', () => {
  assert.deepEqual(thrown(Failure.revisionUnavailable('gone').externalId('9')), {
    kind: 'revision-unavailable',
    message: 'gone',
    externalExecutionId: '9',
  });
  assert.deepEqual(takeLog(), []);
});

test('any other error fails the job with its message, and its stack is in the log', () => {
  assert.equal(thrown(new Error('boom')).message, 'boom');
  const [line] = takeLog();
  assert.equal(line.level, 'error');
  assert.match(line.message, /^Error: boom\n.*plugin\.test\.js/);
  assert.equal(thrown(new TypeError('x is not a function')).message, 'TypeError: x is not a function');
  assert.equal(thrown(new Error('outer', { cause: new Error('inner') })).message, 'outer: inner');
  assert.equal(thrown(new Error('')).message, 'Error');
  assert.equal(thrown('a text').message, 'a text');
  assert.equal(thrown({ a: 1 }).message, 'thrown: {a: 1}');
  assert.equal(thrown(undefined).message, 'thrown: undefined');
});

test('half of a surrogate pair never reaches the host', () => {
  assert.equal(thrown(new Error('a\ud800b')).message, 'a\ufffdb');
  const outcome = plugin(() => Outcome.succeeded().variable('v', '\udc00').summary('\ud800')).run({ ...wire });
  assert.deepEqual(outcome.val.variables, [['v', '\ufffd']]);
  assert.equal(outcome.val.details.summary, '\ufffd');
});

test('what is no outcome is refused with what to return', () => {
  for (const [answer, message] of [
    [undefined, /returned undefined: return an Outcome/],
    [{ ok: true }, /returned \{ok: true\}: return an Outcome/],
    [Failure.jobFailed('x'), /returned a Failure: throw it/],
  ]) {
    assert.throws(() => run(plugin(() => answer)), { kind: 'job-failed', message });
  }
  assert.throws(() => plugin('run'), { message: /takes the function/ });
});

test('an async plugin is awaited, and what it throws fails the job', async () => {
  const outcome = await runAsync(plugin(async () => Outcome.succeeded().summary('later')));
  assert.equal(outcome.details.summary, 'later');
  await assert.rejects(runAsync(plugin(async () => Promise.reject(new Error('late')))), { kind: 'job-failed', message: 'late' });
  await assert.rejects(runAsync(plugin(async () => undefined)), { message: /return an Outcome/ });
});

test('where nothing can be waited for an async plugin is told what to do', () => {
  globalThis.__cqjs = {};
  try {
    const handler = plugin(async () => Outcome.succeeded());
    assert.throws(() => run(handler), { kind: 'job-failed', message: /QuickJS.*engine = "starlingmonkey"/ });
  } finally {
    delete globalThis.__cqjs;
  }
});

test('what was being done is put before an error, which keeps its kind', () => {
  const failure = Failure.of(Failure.systemUnavailable('no answer').externalId('7'), 'asking the registry');
  assert.deepEqual(
    [failure.kind, failure.message, failure.externalExecutionId],
    ['system-unavailable', 'asking the registry: no answer', '7'],
  );
});

test('lines of the log have levels and fields, and those below the threshold are not made', () => {
  log.info('one', { words: 3, gone: undefined, list: [1, 'a'] });
  setThreshold('warn');
  log.info('two');
  log.warn('three');
  assert.deepEqual([log.enabled('info'), log.enabled('error')], [false, true]);
  setThreshold('trace');
  assert.deepEqual(takeLog(), [
    { level: 'info', message: 'one', fields: [['words', '3'], ['list', '[1, "a"]']] },
    { level: 'warn', message: 'three', fields: [] },
  ]);
  assert.throws(() => log.write('fatal', 'x'), { message: /no level/ });
});

test('a test plays the host', () => {
  setStopRequested('hand-over');
  setTimeRemaining(5_000);
  assert.deepEqual([control.stopRequested(), control.timeRemaining()], ['hand-over', 5_000]);
  setStopRequested(undefined);
  assert.equal(control.stopRequested(), undefined);
  control.progress(40.4, 'two of five');
  control.progress(undefined, 'somewhere');
  control.progress(0 / 0, 'of none');
  control.progress(-1, 'less');
  assert.deepEqual(takeProgress().map(({ percent }) => percent), [40, undefined, undefined, 0]);
});

test('a missing artifact is named with those that are there', () => {
  const job = testJob({ inputs: { Docs: '.' } });
  assert.throws(() => job.input('Source'), {
    kind: 'configuration-error',
    message: 'the action needs an input artifact named `Source`; the pipeline gives it `Docs`',
  });
  assert.throws(() => job.firstOutput(), { message: /needs an output artifact/ });
  assert.throws(() => job.scratchDir(), { kind: 'permission-error', message: /scratch = true/ });
});

test('a job as text has no values of its configuration', () => {
  const job = testJob({ configuration: { password: 'hunter2' }, continuationToken: '"hush"' });
  const text = JSON.stringify(job);
  assert.ok(text.includes('password') && !text.includes('hunter2') && !text.includes('hush'), text);
});
