import { host } from '../state.js';

export function write(level, message, fields) {
  host.log.push({ level, message, fields });
}

export const threshold = () => host.threshold;
