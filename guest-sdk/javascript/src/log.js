import { threshold, write } from 'pipefitter:action/log@0.1.0';
import { demandJob, wellFormed } from './engine.js';
import { inspect } from './inspect.js';

/** @type {import('../types/index.js').Level[]} */
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];

/**
 * @param {import('../types/index.js').Level} level
 * @param {unknown} message
 * @param {import('../types/index.js').Fields} [fields]
 */
function send(level, message, fields = {}) {
  if (!log.enabled(level)) return;
  /** @type {[string, string][]} */
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [wellFormed(name), wellFormed(inspect(value))]);
  write(level, wellFormed(message), pairs);
}

/** @type {typeof import('../types/index.js').log} */
export const log = {
  trace: (message, fields) => send('trace', message, fields),
  debug: (message, fields) => send('debug', message, fields),
  info: (message, fields) => send('info', message, fields),
  warn: (message, fields) => send('warn', message, fields),
  error: (message, fields) => send('error', message, fields),
  write(level, message, fields) {
    if (!LEVELS.includes(level)) throw new TypeError(`\`${level}\` is no level: there are ${LEVELS.join(', ')}`);
    send(level, message, fields);
  },
  threshold() {
    demandJob('the log');
    return threshold();
  },
  enabled(level) {
    return LEVELS.indexOf(level) >= LEVELS.indexOf(log.threshold());
  },
};
