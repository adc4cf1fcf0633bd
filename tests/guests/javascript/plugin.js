// The twin in JavaScript: the same results as tests/guests/rust, through the same contract.

import { getDirectories } from 'wasi:filesystem/preopens@0.2.12';
import { write } from 'pipefitter:action/log@0.1.0';
import { progress } from 'pipefitter:action/control@0.1.0';

// QuickJS has neither TextDecoder nor TextEncoder.
const decode = (bytes) => decodeURIComponent(Array.from(bytes, (b) => '%' + b.toString(16).padStart(2, '0')).join(''));
const encode = (text) => Uint8Array.from(
  encodeURIComponent(text).replace(/%([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
  (c) => c.charCodeAt(0),
);

const directory = (path) => {
  const found = getDirectories().find(([, name]) => name === path);
  if (!found) throw { tag: 'missing', path };
  return found[0];
};

const readText = (path, name) => {
  const file = directory(path).openAt({}, name, {}, { read: true });
  const [bytes] = file.read(65536, 0);
  return decode(bytes);
};

const writeText = (path, name, text) => {
  const file = directory(path).openAt({}, name, { create: true, truncate: true }, { write: true });
  file.write(encode(text), 0);
};

const details = (summary) => ({ summary, percentComplete: 100 });

export const handler = {
  run(job) {
    const configuration = Object.fromEntries(job.configuration);
    write('info', `twin runs ${job.pipeline.action}`, []);
    const mode = configuration.mode ?? 'ok';
    if (mode === 'fail') {
      throw { kind: 'configuration-error', message: '`mode` says fail: set it to ok' };
    }
    if (mode === 'continue' && (job.continuationToken ?? null) === null) {
      return { tag: 'in-progress', val: { token: '2', details: details('one of two') } };
    }
    const text = readText(job.inputs[0].path, 'message.txt');
    progress(50, 'read');
    writeText(job.outputs[0].path, 'shout.txt', text.toUpperCase());
    return {
      tag: 'succeeded',
      val: {
        variables: [['characters', String([...text].length)], ['token', job.continuationToken ?? 'none']],
        details: details('shouted'),
      },
    };
  },
};
