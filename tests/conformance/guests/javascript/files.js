// Artifacts.

import { FileError, files, Outcome } from 'pipefitter-sdk';

export function inputs(job) {
  const lines = job.inputs.flatMap((input) =>
    input.files().map((path) => `${input.name}/${path} ${input.stat(path).size}\n`),
  );
  job.firstOutput().write('listing.txt', lines.join(''));
  return Outcome.succeeded().variable('inputs', job.inputs.length).variable('files', lines.length);
}

export function large(job) {
  let [bytes, last] = [0, 0];
  for (const piece of job.firstInput().pieces('big.bin', 1 << 20)) {
    bytes += piece.length;
    last = piece.at(-1) ?? last;
  }
  return Outcome.succeeded().variable('bytes', bytes).variable('last', last);
}

export function tree(job) {
  const out = job.firstOutput();
  out.write('a/b/c.txt', 'deep\n');
  out.write('ünï/日本.txt', 'grüße 😀\n');
  out.write('empty.txt', '');
  out.write('bytes.bin', Uint8Array.from({ length: 256 }, (_, index) => index));
  return Outcome.succeeded();
}

export function denied(job) {
  const input = job.firstInput().path;
  return Outcome.succeeded()
    .variable('outside', told(() => files.read('/etc/passwd')))
    .variable('input', told(() => files.write(`${input}/new.txt`, 'new')))
    .variable('above', told(() => files.read(`${input}/../../etc/passwd`)));
}

function told(open) {
  try {
    open();
    return 'opened';
  } catch (error) {
    if (error instanceof FileError) return 'refused';
    throw error;
  }
}
