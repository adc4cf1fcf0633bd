// `node --import pipefitter-sdk/testing/register --test`: the host's functions are those of `testing`.

import { register } from 'node:module';
import { NATIVE } from '../engine.js';

// node 20 has neither.
Symbol.dispose ??= Symbol.for('Symbol.dispose');
globalThis[NATIVE] = true;
register('./hooks.js', import.meta.url);
