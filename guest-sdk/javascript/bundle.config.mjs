// For jco: `jco componentize plugin.ts --bundle --bundle-config vendor/pipefitter-sdk/bundle.config.mjs ...`.
//
// The host's functions are left to the engine, and `pipefitter-sdk` is this folder, whether or not a package manager has
// linked it.

import { fileURLToPath } from 'node:url';

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default {
  external: [/^pipefitter:/, /^wasi:/],
  resolve: {
    mainFields: ['module', 'main'],
    extensionAlias: { '.js': ['.js', '.ts'], '.mjs': ['.mjs', '.mts'] },
    alias: {
      'pipefitter-sdk/http': here('src/http.js'),
      'pipefitter-sdk/secrets': here('src/secrets.js'),
      'pipefitter-sdk': here('src/index.js'),
    },
  },
  plugins: [
    {
      // What the SDK adds to the engine must be there before any module of a plugin's dependencies runs.
      name: 'pipefitter-globals',
      transform(/** @type {string} */ code, /** @type {string} */ id) {
        const isEntry = this.getModuleInfo(id)?.isEntry === true;
        return isEntry ? `import ${JSON.stringify(here('src/globals.js'))}; ${code}` : null;
      },
    },
  ],
};
