// The plugin against a server of the test's own; only the host's functions are stood in for.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { runAsync, setSecret, setStopRequested, setTimeRemaining, takeLog } from 'pipefitter-sdk/testing';
import { handler } from '../plugin.ts';

const PATH = '/services/T0/B0/s3cr3tp4th';
const PIPELINE = { pipeline: 'docs_a&b', stage: 'Deploy', action: 'tell', pipelineExecutionId: 'e-1' };

let server;
let url;
/** What the server answers, first to last: status, headers, body. The last one stays. */
let answers;
/** What it was asked. */
let asked;

before(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    asked.push({ method: request.method, path: request.url, type: request.headers['content-type'], body });
    const { status = 200, headers = {}, text = 'ok' } = answers.length > 1 ? answers.shift() : answers[0];
    response.writeHead(status, headers).end(text);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}${PATH}`;
});

after(() => server.close());

beforeEach(() => {
  answers = [{}];
  asked = [];
  takeLog();
  setSecret('webhook-url', `${url}\n`);
  setStopRequested(undefined);
  setTimeRemaining(300_000);
});

const notify = (configuration = {}, more = {}) => runAsync(handler, { configuration, pipeline: PIPELINE, ...more });

const fails = async (configuration, kind, message) => {
  await assert.rejects(notify(configuration), (failure) => {
    assert.equal(failure.kind, kind, failure.message);
    assert.match(failure.message, message);
    assert.ok(!failure.message.includes('s3cr3tp4th'), failure.message);
    return true;
  });
  for (const { message: line } of takeLog()) assert.ok(!line.includes('s3cr3tp4th'), line);
};

test('a webhook is told where the pipeline is, by the secret that holds its URL', async () => {
  const outcome = await notify();
  assert.deepEqual([...outcome.variables], [['status', '200'], ['attempts', '1']]);
  assert.deepEqual(asked.map(({ body, ...rest }) => rest), [{ method: 'POST', path: PATH, type: 'application/json' }]);
  assert.deepEqual(JSON.parse(asked[0].body), {
    text: 'Pipeline docs_a&b is at stage Deploy, action tell (execution e-1).',
    pipeline: 'docs_a&b',
    stage: 'Deploy',
    action: 'tell',
    execution: 'e-1',
  });
  assert.ok(takeLog().every(({ message }) => !message.includes('s3cr3tp4th')));
});

test('text of any kind arrives as it was written', async () => {
  const message = 'a "quoted" \\ text\nof 😀 lines\u0007 {{pipeline}}';
  await notify({ message, title: 'T' });
  const { text, title } = JSON.parse(asked[0].body);
  assert.deepEqual([text, title], [message.replace('{{pipeline}}', 'docs_a&b'), 'T']);
});

test('Slack gets its markup from the message, and none from values', async () => {
  const pipeline = { ...PIPELINE, pipeline: '<!channel> & *co*' };
  await notify({ kind: 'slack', title: 'Now', message: '<https://e.example|{{ pipeline }}>' }, { pipeline });
  assert.deepEqual(JSON.parse(asked[0].body), {
    text: '*Now*\n<https://e.example|&lt;!channel&gt; &amp; *co*>',
  });
});

test('Slack\'s own way of saying no is one', async () => {
  answers = [{ text: '{"ok":false,"error":"channel_not_found"}' }];
  await fails({ kind: 'slack', channel: '#none' }, 'configuration-error', /"channel_not_found".*`channel`/);
  assert.equal(JSON.parse(asked[0].body).channel, '#none');
});

test('Teams gets a card, in which a value is not taken for Markdown', async () => {
  await notify({ kind: 'teams', title: '{{stage}}', message: '**{{pipeline}}**' });
  const { type, attachments } = JSON.parse(asked[0].body);
  assert.equal(type, 'message');
  assert.equal(attachments[0].contentType, 'application/vnd.microsoft.card.adaptive');
  assert.deepEqual(attachments[0].content.body.map(({ text }) => text), ['Deploy', '**docs\\_a&b**']);
});

test('what is not told is called unknown', async () => {
  await notify({ message: '{{execution}} {{account}} {{region}}' }, { pipeline: { ...PIPELINE, pipelineExecutionId: undefined } });
  assert.equal(JSON.parse(asked[0].body).text, 'unknown unknown unknown');
  const pipelineArn = 'arn:aws:codepipeline:eu-central-1:111122223333:docs';
  await notify({ message: '{{account}} {{region}}' }, { accountId: '111122223333', pipeline: { ...PIPELINE, pipelineArn } });
  assert.equal(JSON.parse(asked[1].body).text, '111122223333 eu-central-1');
});

test('a server that is busy is asked again, when it says', async () => {
  answers = [{ status: 503, headers: { 'retry-after': '0' } }, { status: 429, headers: { 'retry-after': new Date(0).toUTCString() } }, {}];
  const outcome = await notify();
  assert.deepEqual([...outcome.variables], [['status', '200'], ['attempts', '3']]);
  const warnings = takeLog().filter(({ level }) => level === 'warn');
  assert.deepEqual(warnings.map(({ message, fields }) => [message.split(' answered ')[1], fields]), [
    ['503', [['attempt', '1'], ['pause-seconds', '0']]],
    ['429', [['attempt', '2'], ['pause-seconds', '0']]],
  ]);
});

test('attempts are bounded, by number, time and a request to stop', async () => {
  answers = [{ status: 500, headers: { 'retry-after': '0' } }];
  await fails({ attempts: 2 }, 'system-unavailable', /answered 500; that was attempt 2 of 2/);
  assert.equal(asked.length, 2);
  answers = [{ status: 429, headers: { 'retry-after': '61' } }];
  await fails({}, 'system-unavailable', /answered 429; trying again would take longer/);
  answers = [{ status: 429, headers: { 'retry-after': '30' } }];
  setTimeRemaining(40_000);
  await fails({}, 'system-unavailable', /longer than this job has/);
  setTimeRemaining(300_000);
  setStopRequested('cancelled');
  await fails({}, 'system-unavailable', /asked to stop/);
  assert.equal(asked.length, 5);
});

test('a server that is not there is a system that is not available', async () => {
  await fails({ url: 'http://127.0.0.1:1/s3cr3tp4th', attempts: 1 }, 'system-unavailable', /127\.0\.0\.1:1 could not be reached.*attempt 1 of 1/);
});

test('what will not get better is the configuration\'s fault, with the beginning of the answer', async () => {
  answers = [{ status: 404, text: `no_service\n at ${PATH} ${'x'.repeat(300)}` }];
  await fails({}, 'configuration-error', /answered 404: no_service at \[\.\.\.\] x+\.\.\.: look at the secret `webhook-url`/);
  answers = [{ status: 302, headers: { location: 'https://e.example/s3cr3tp4th' } }];
  await fails({}, 'configuration-error', /answered 302, a redirect.*the secret `webhook-url`/);
  answers = [{ status: 400, text: '' }];
  await fails({ url }, 'configuration-error', /answered 400: look at `url`/);
  assert.equal(asked.length, 3);
});

test('what is wrong in the configuration is named before anything is posted', async () => {
  await fails({ message: '{{pipelin}}' }, 'configuration-error', /`message`: `\{\{pipelin\}\}` stands for nothing: there are `\{\{pipeline\}\}`/);
  await fails({ kind: 'irc' }, 'configuration-error', /`kind`: `irc` is not one of/);
  await fails({ attempts: '11' }, 'configuration-error', /`attempts`.*from 1 to 10/);
  await fails({ url, secret: 'webhook-url' }, 'configuration-error', /`url` or `secret`, not both/);
  await fails({ channel: '#a' }, 'configuration-error', /`channel`: `kind` is not slack/);
  await fails({ url: 's3cr3tp4th' }, 'configuration-error', /configuration `url` is not a URL$/);
  await fails({ url: 'ftp://e.example/s3cr3tp4th' }, 'configuration-error', /not a URL of https or http/);
  await fails({ url: 'https://user:s3cr3tp4th@e.example/' }, 'configuration-error', /user or password.*attach/);
  await fails({ secret: 'other' }, 'permission-error', /the secret `other` is not granted/);
  setSecret('webhook-url', 's3cr3tp4th');
  await fails({}, 'configuration-error', /the secret `webhook-url` is not a URL/);
  assert.equal(asked.length, 0);
});
