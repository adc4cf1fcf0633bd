// Values as text for the log: short, on one line, and never an error of their own.

import { stackOf } from './stack.js';

const DEPTH = 4;
const ITEMS = 100;

/**
 * @param {unknown} value
 * @returns {string}
 */
export function inspect(value) {
  try {
    return shown(value, DEPTH, []);
  } catch {
    return '[cannot be shown]';
  }
}

/**
 * @param {unknown} value
 * @param {number} depth
 * @param {object[]} around
 * @returns {string}
 */
function shown(value, depth, around) {
  if (typeof value === 'string') return depth === DEPTH ? value : JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `[function ${value.name || 'without a name'}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Error) return stackOf(value);
  if (around.includes(value)) return '[circular]';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return `${value.constructor.name}(${value.byteLength} bytes)`;
  }
  if (depth === 0) return Array.isArray(value) ? '[...]' : '{...}';
  const inside = [...around, value];
  /** @param {unknown} item */
  const next = (item) => shown(item, depth - 1, inside);
  if (Array.isArray(value)) return `[${listed(value, next)}]`;
  if (value instanceof Set) return `Set {${listed([...value], next)}}`;
  if (value instanceof Map) {
    return `Map {${listed([...value], ([key, item]) => `${next(key)} => ${next(item)}`)}}`;
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') return next(value.toJSON());
  const name = value.constructor?.name;
  const title = name === undefined || name === 'Object' ? '' : `${name} `;
  return `${title}{${listed(Object.entries(value), ([key, item]) => `${key}: ${next(item)}`)}}`;
}

/**
 * @template T
 * @param {T[]} items
 * @param {(item: T) => string} show
 */
function listed(items, show) {
  const parts = items.slice(0, ITEMS).map(show);
  if (items.length > ITEMS) parts.push(`... ${items.length - ITEMS} more`);
  return parts.join(', ');
}
