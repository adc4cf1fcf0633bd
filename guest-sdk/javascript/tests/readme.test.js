// The tour is true: its TypeScript compiles, for the engine that it is for, and its test passes.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';

const sdk = fileURLToPath(new URL('..', import.meta.url));
const readme = fs.readFileSync(join(sdk, 'README.md'), 'utf8');
const blocks = (language) => [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map(([, text]) => text);

let dir;

before(() => {
  dir = fs.mkdtempSync(join(os.tmpdir(), 'readme-'));
});

after(() => fs.rmSync(dir, { recursive: true }));

test('its TypeScript compiles', () => {
  const options = {
    target: 'es2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    strict: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    paths: { 'pipefitter-sdk': [join(sdk, 'types/index.d.ts')], 'pipefitter-sdk/*': [join(sdk, 'types/*.d.ts')] },
  };
  const engines = {
    quickjs: { ...options, lib: ['esnext'], types: [join(sdk, 'types/quickjs.d.ts')] },
    starlingmonkey: { ...options, lib: ['esnext', 'dom', 'dom.iterable'], types: [] },
  };
  for (const [engine, compilerOptions] of Object.entries(engines)) {
    fs.mkdirSync(join(dir, engine));
    fs.writeFileSync(join(dir, engine, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  }
  for (const [index, text] of blocks('ts').entries()) {
    const engine = text.includes('async') ? 'starlingmonkey' : 'quickjs';
    fs.writeFileSync(join(dir, engine, `block${index}.ts`), text);
  }
  assert.equal(blocks('ts').length, 3);
  for (const engine of Object.keys(engines)) {
    try {
      // From where the packages are, as the test's own folder is.
      execFileSync(join(process.cwd(), 'node_modules/.bin/tsc'), ['--project', join(dir, engine)], { encoding: 'utf8' });
    } catch (error) {
      assert.fail(`${engine}: ${error.stdout ?? error}`);
    }
  }
});

test('its test passes', () => {
  const [plugin] = blocks('ts');
  const [ofPlugin] = blocks('js');
  fs.writeFileSync(join(dir, 'plugin.ts'), plugin);
  fs.writeFileSync(join(dir, 'plugin.test.js'), ofPlugin.replaceAll("'example'", JSON.stringify(join(dir, 'example'))).replaceAll("'out'", JSON.stringify(join(dir, 'out'))));
  fs.mkdirSync(join(dir, 'example'));
  fs.writeFileSync(join(dir, 'example/names.txt'), 'Ada\nGrace\nLin\n');
  const register = join(sdk, 'src/testing/register.js');
  // A test within a test is otherwise taken for one of this one's.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  try {
    execFileSync(process.execPath, ['--import', register, '--test', join(dir, 'plugin.test.js')], { encoding: 'utf8', env });
  } catch (error) {
    assert.fail(error.stdout ?? String(error));
  }
});
