// For jco: `jco componentize plugin.ts --bundle --bundle-config vendor/pipefitter-sdk/bundle.config.mjs ...`.
//
// The host's functions are left to the engine, and `pipefitter-sdk` is this folder, whether or not a package manager has
// linked it.

import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { table } from './bundle-lines.mjs';

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** @type {Record<string, string>} */
const ENTRIES = {
  'pipefitter-sdk': here('src/index.js'),
  'pipefitter-sdk/http': here('src/http.js'),
  'pipefitter-sdk/secrets': here('src/secrets.js'),
};

/**
 * What stacks call a source: by its place in the plugin, or in this package.
 *
 * @param {string} source
 */
function named(source) {
  const [inside, ours] = [relative(process.cwd(), source), relative(here('.'), source)];
  return ours.startsWith('..') ? inside : `pipefitter-sdk/${ours}`;
}

export default {
  output: {
    sourcemap: true,
    sourcemapPathTransform: (/** @type {string} */ source, /** @type {string} */ map) => named(resolve(dirname(map), source)),
  },
  // On a busy machine it would be told that building takes time.
  checks: { bundlerTimings: false },
  external: [/^pipefitter:/, /^wasi:/],
  resolve: {
    mainFields: ['module', 'main'],
    extensionAlias: { '.js': ['.js', '.ts'], '.mjs': ['.mjs', '.mts'] },
  },
  plugins: [
    {
      // Before anything else resolves it: a tsconfig.json may have a path to its types alone.
      name: 'pipefitter-sdk',
      resolveId(/** @type {string} */ source) {
        if (/^(node:)?fs(\/promises)?$/.test(source)) {
          this.error(`node's \`${source}\` is not there: use \`files\` of pipefitter-sdk`);
        }
        return ENTRIES[source] ?? null;
      },
    },
    {
      // What the SDK adds to the engine must be there before any module of a plugin's dependencies runs.
      name: 'pipefitter-globals',
      transform(/** @type {string} */ code, /** @type {string} */ id) {
        const isEntry = this.getModuleInfo(id)?.isEntry === true;
        // On the same line: places in the plugin stay what they are.
        return isEntry ? { code: `import 'pipefitter-sdk'; ${code}`, map: null } : null;
      },
    },
    {
      name: 'pipefitter-lines',
      generateBundle(/** @type {unknown} */ _options, /** @type {Record<string, any>} */ bundle) {
        for (const [file, made] of Object.entries(bundle)) {
          if (made.type === 'chunk' && made.map) {
            const lines = table(made.map);
            made.code = `${made.code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')}${lines}\n`;
          } else if (file.endsWith('.map')) {
            // jco takes one file.
            delete bundle[file];
          }
        }
      },
    },
  ],
};
