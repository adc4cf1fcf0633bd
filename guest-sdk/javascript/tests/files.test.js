import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { files, FileError, Failure } from 'pipefitter-sdk';
import { testJob } from 'pipefitter-sdk/testing';
import { host } from '../src/testing/state.js';

for (const bigints of [false, true]) {
  describe(`files where 64-bit integers are ${bigints ? 'BigInt' : 'Number'}`, () => {
    let dir;

    beforeEach(() => {
      host.bigints = bigints;
      dir = fs.mkdtempSync(join(os.tmpdir(), 'sdk-'));
    });

    afterEach(() => {
      host.bigints = false;
      fs.rmSync(dir, { recursive: true });
    });

    test('text and bytes come back as they were written', () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      files.write(join(dir, 'all.bin'), bytes);
      files.write(join(dir, 'grüße 😀.txt'), 'grüße 😀\n');
      files.write(join(dir, 'empty'), '');
      assert.deepEqual(files.read(join(dir, 'all.bin')), bytes);
      assert.equal(fs.readFileSync(join(dir, 'grüße 😀.txt'), 'utf8'), 'grüße 😀\n');
      assert.equal(files.readText(join(dir, 'grüße 😀.txt')), 'grüße 😀\n');
      assert.equal(files.read(join(dir, 'empty')).length, 0);
      files.write(join(dir, 'all.bin'), 'x');
      assert.equal(files.readText(join(dir, 'all.bin')), 'x');
    });

    test('text that is not UTF-8 is an error, or marked where that is asked for', () => {
      const path = join(dir, 'bad');
      fs.writeFileSync(path, Buffer.from([0x61, 0xff, 0x62]));
      assert.throws(() => files.readText(path), { code: 'illegal-byte-sequence', message: /is not UTF-8 text/ });
      assert.equal(files.readText(path, { lossy: true }), 'a\ufffdb');
    });

    test('large files go in pieces, at places beyond 32 bits', () => {
      const path = join(dir, 'large');
      const bytes = new Uint8Array(700_000).map((_, index) => index);
      const far = 5 * 2 ** 30;
      const file = files.open(path, 'write');
      file.write(bytes, far);
      assert.throws(() => file.read(1, 0), FileError);
      file.close();
      const read = files.open(path);
      assert.equal(read.size(), far + bytes.length);
      assert.deepEqual(read.read(10, far + 5), bytes.slice(5, 15));
      assert.equal(read.read(10, far + bytes.length).length, 0);
      read.close();
      fs.truncateSync(path, 0);
      fs.writeFileSync(path, bytes);
      assert.deepEqual(files.read(path), bytes);
      assert.deepEqual([...files.pieces(path, 300_000)].map((piece) => piece.length), [300_000, 300_000, 100_000]);
      files.copy(path, join(dir, 'copy'));
      assert.deepEqual(new Uint8Array(fs.readFileSync(join(dir, 'copy'))), bytes);
    });

    test('a file can be changed where it is', () => {
      const path = join(dir, 'log');
      files.append(path, 'one\n');
      files.append(path, 'two\n');
      const file = files.open(path, 'update');
      file.write(new TextEncoder().encode('O'), 0);
      file.truncate(7);
      file.close();
      assert.equal(fs.readFileSync(path, 'utf8'), 'One\ntwo');
    });

    test('a tree is walked in the order of its UTF-8 bytes, without links', () => {
      for (const path of ['b/c', 'b.d', 'ä']) fs.mkdirSync(join(dir, path), { recursive: true });
      const names = ['b/c/2', 'b/1', 'b.d/x', 'z', 'ä/ü', '\u{ffee}', '\u{1f600}'];
      for (const path of names) fs.writeFileSync(join(dir, path), '');
      fs.symlinkSync('z', join(dir, 'link'));
      fs.symlinkSync('b', join(dir, 'links'));
      const sorted = names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(files.walk(dir), sorted);
      const kinds = Object.fromEntries(files.list(dir).map(({ name, kind }) => [name, kind]));
      assert.deepEqual([kinds.z, kinds.b, kinds.link], ['file', 'directory', 'link']);
      assert.equal(files.stat(join(dir, 'link')).kind, 'file');
    });

    test('directories are made and removed with what is in them', () => {
      files.mkdir(join(dir, 'a/b/c'));
      files.mkdir(join(dir, 'a/b/c'));
      files.write(join(dir, 'a/b/c/x'), 'x');
      fs.symlinkSync(join(dir, 'outside'), join(dir, 'a/link'));
      fs.mkdirSync(join(dir, 'outside'));
      fs.writeFileSync(join(dir, 'outside/kept'), '');
      assert.throws(() => files.mkdir(join(dir, 'a/b/c/x/y')), { code: 'not-directory' });
      files.remove(join(dir, 'a'));
      files.remove(join(dir, 'a'));
      assert.deepEqual(fs.readdirSync(dir), ['outside']);
      assert.ok(fs.existsSync(join(dir, 'outside/kept')));
      files.rename(join(dir, 'outside'), join(dir, 'inside'));
      assert.ok(files.exists(join(dir, 'inside/kept')) && !files.exists(join(dir, 'outside')));
      assert.ok(!files.exists(join(dir, 'inside/kept/below')));
    });

    test('what there is has a size, a time and a kind', () => {
      const path = join(dir, 'x');
      fs.writeFileSync(path, 'abc');
      fs.utimesSync(path, 1_700_000_000.5, 1_700_000_000.5);
      assert.deepEqual(files.stat(path), { kind: 'file', size: 3, modified: new Date(1_700_000_000_500) });
    });

    test('errors say what was done, to what, and what went wrong', () => {
      const path = join(dir, 'none');
      assert.throws(() => files.read(path), {
        name: 'FileError',
        code: 'no-entry',
        path,
        message: `reading \`${path}\`: there is no such file or directory`,
      });
      assert.throws(() => files.read(dir), { code: 'is-directory' });
      assert.throws(() => files.list(path), { code: 'no-entry' });
      assert.throws(() => files.read('relative'), { code: 'invalid', message: /not absolute/ });
      assert.throws(() => files.read('/a\0b'), { code: 'invalid', message: /zero byte/ });
      assert.throws(() => files.open(path, 'append'), { name: 'TypeError', message: /no mode/ });
    });

    test('artifacts are read and written inside of them only', () => {
      fs.mkdirSync(join(dir, 'in'));
      fs.writeFileSync(join(dir, 'in/a.txt'), 'a');
      const job = testJob({ inputs: { Docs: join(dir, 'in') }, outputs: { Site: join(dir, 'out') } });
      const input = job.input('Docs');
      assert.deepEqual([input.files(), input.readText('a.txt'), input.exists('b')], [['a.txt'], 'a', false]);
      assert.throws(() => input.readText('b'), {
        message: 'reading `b` of input artifact `Docs`: there is no such file or directory',
      });
      const output = job.firstOutput();
      output.write('deep/er/x.txt', 'x');
      const file = output.create('y/z.bin');
      file.write(new Uint8Array([1, 2]), 0);
      file.close();
      assert.equal(fs.readFileSync(join(dir, 'out/deep/er/x.txt'), 'utf8'), 'x');
      assert.equal(fs.statSync(join(dir, 'out/y/z.bin')).size, 2);
      for (const path of ['/etc/x', '../x', 'a/../../x']) {
        assert.throws(() => output.write(path, ''), { kind: 'job-failed', message: /leaves output artifact `Site`/ });
        assert.throws(() => input.read(path), { message: /leaves input artifact `Docs`/ });
      }
    });
  });
}

test('a file that may not be accessed is a permission error, any other a failed job', () => {
  for (const [code, kind] of [
    ['not-permitted', 'permission-error'],
    ['access', 'permission-error'],
    ['read-only', 'permission-error'],
    ['no-entry', 'job-failed'],
  ]) {
    assert.equal(Failure.of(new FileError(code, '/x', 'x')).kind, kind);
  }
});
