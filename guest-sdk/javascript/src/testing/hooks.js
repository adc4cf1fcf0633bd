// Loader hooks: the host's functions and this package by their names, and TypeScript on a node that does not know it.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const MODULES = {
  'pipefitter:action/log': './wit/log.js',
  'pipefitter:action/control': './wit/control.js',
  'pipefitter:action/secrets': './wit/secrets.js',
  'wasi:random/random': './wit/random.js',
  'wasi:filesystem/preopens': './wit/preopens.js',
  'wasi:filesystem/types': './wit/filesystem.js',
  'pipefitter-sdk': '../index.js',
  'pipefitter-sdk/http': '../http.js',
  'pipefitter-sdk/secrets': '../secrets.js',
  'pipefitter-sdk/testing': './index.js',
};

/** Kept as they are since node 22.18. */
const STRIPS = process.features.typescript !== undefined && process.features.typescript !== false;

export async function resolve(specifier, context, next) {
  const module = MODULES[specifier.replace(/@[^/]*$/, '')];
  if (module !== undefined) return { url: new URL(module, import.meta.url).href, shortCircuit: true };
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (STRIPS || !/^file:.*\.m?ts$/.test(url)) return next(url, context);
  const file = fileURLToPath(url);
  const source = await (await transpiler(file))(file, await readFile(file, 'utf8'));
  return { format: 'module', source, shortCircuit: true };
}

/** jco brings rolldown, which knows TypeScript. */
async function transpiler(file) {
  for (const from of [pathToFileURL(file), pathToFileURL(`${process.cwd()}/x`)]) {
    try {
      const { transformSync } = await import(pathToFileURL(createRequire(from).resolve('rolldown/utils')).href);
      return (name, text) => {
        const { code, errors } = transformSync(name, text, { sourcemap: false });
        if (errors.length > 0) throw new SyntaxError(errors.map((error) => error.message).join('\n'));
        return code;
      };
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND' && error.code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
    }
  }
  throw new Error(`node ${process.version} does not read TypeScript: take 22.18 or later, or run \`npm install\` first`);
}
