import { host } from '../state.js';

export function getBytes(name) {
  const found = host.secrets.get(name) ?? '!denied';
  if (typeof found === 'string') throw Object.assign(new Error(found), { payload: found.slice(1) });
  return found;
}

export const get = (name) => new TextDecoder().decode(getBytes(name));
