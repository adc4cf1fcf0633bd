import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { request } from 'pipefitter-sdk/http';
import { secrets } from 'pipefitter-sdk/secrets';
import { setSecret, setSecretError } from 'pipefitter-sdk/testing';

let server;
let base;

before(async () => {
  server = createServer(async (asked, answer) => {
    let body = '';
    for await (const piece of asked) body += piece;
    if (asked.url === '/never') return;
    if (asked.url === '/moved') answer.setHeader('Location', '/elsewhere');
    answer.statusCode = Number(asked.url?.match(/\d+/)?.[0] ?? 200);
    answer.setHeader('X-Kind', asked.headers['content-type'] ?? 'none');
    answer.end(asked.method === 'POST' ? body : 'hello');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${server.address().port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

test('an answer has status, headers and body', async () => {
  const answer = await request(`${base}/404`);
  assert.deepEqual([answer.status, answer.ok, answer.text, answer.header('X-KIND')], [404, false, 'hello', 'none']);
});

test('JSON goes both ways', async () => {
  const answer = await request(base, { method: 'POST', json: { text: 'grüße 😀' } });
  assert.deepEqual([answer.ok, answer.json(), answer.header('x-kind')], [true, { text: 'grüße 😀' }, 'application/json']);
  const plain = await request(base);
  assert.throws(() => plain.json(), { kind: 'job-failed', message: /answered with 200 and something that is not JSON/ });
});

test('redirects are the plugin\'s to follow', async () => {
  const answer = await request(`${base}/302`, { method: 'GET' });
  assert.equal(answer.status, 302);
});

test('no answer is a system that is not available, and no path is told', async () => {
  await assert.rejects(request(`${base}/never`, { timeout: 50 }), {
    kind: 'system-unavailable',
    message: `${base} did not answer within 0.05 seconds`,
  });
  await assert.rejects(request('http://127.0.0.1:1/hooks/s3cret'), (error) => {
    assert.equal(error.kind, 'system-unavailable');
    assert.ok(!error.message.includes('s3cret'), error.message);
    return true;
  });
  await assert.rejects(request('no url s3cret'), (error) => error.kind === 'configuration-error' && !error.message.includes('s3cret'));
});

test('on the engine without a network it says what to do', async () => {
  globalThis.__cqjs = {};
  try {
    await assert.rejects(request(base), { kind: 'job-failed', message: /network/ });
  } finally {
    delete globalThis.__cqjs;
  }
});

test('a secret is what was granted, and each refusal is a failure of its kind', () => {
  setSecret('token', 's3cret');
  setSecret('key', new Uint8Array([0xff, 0]));
  assert.equal(secrets.get('token'), 's3cret');
  assert.deepEqual(secrets.getBytes('key'), new Uint8Array([0xff, 0]));
  assert.throws(() => secrets.get('other'), { name: 'SecretError', reason: 'denied', kind: 'permission-error', message: /`other` is not granted/ });
  setSecretError('gone', 'missing');
  setSecretError('slow', 'unavailable');
  assert.throws(() => secrets.get('gone'), { reason: 'missing', kind: 'permission-error' });
  assert.throws(() => secrets.getBytes('slow'), { reason: 'unavailable', kind: 'system-unavailable', secret: 'slow' });
});
