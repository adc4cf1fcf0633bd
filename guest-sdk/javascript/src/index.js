import './globals.js';

export { boolean, integer, json, list, number, oneOf, string } from './config.js';
export { control } from './control.js';
export { Failure } from './failure.js';
export { FileError } from './file-error.js';
export { files } from './files.js';
export { log } from './log.js';
export { Outcome } from './outcome.js';
export { plugin } from './plugin.js';
export { utf8 } from './utf8.js';
