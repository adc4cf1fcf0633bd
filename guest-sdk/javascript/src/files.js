// Files over wasi:filesystem: JavaScript's engines bring no file functions of their own. u64 is BigInt on StarlingMonkey
// and Number on QuickJS; both take Numbers, and what they give is made one.

import { getDirectories } from 'wasi:filesystem/preopens@0.2.12';
import { demandJob, wellFormed } from './engine.js';
import { FileError, reason } from './file-error.js';
import { utf8 } from './utf8.js';

/** @typedef {import('wasi:filesystem/types@0.2.12').Descriptor} Descriptor */

/** Bytes of one read or write: large enough to be quick, small beside a plugin's memory. */
const PIECE = 256 * 1024;

const FOLLOW = { symlinkFollow: true };

/** @type {[Descriptor, string][] | undefined} */
let directories;

/**
 * The directory of the host's that a path is in, and the path within it.
 *
 * @param {string} doing
 * @param {string} path
 * @returns {[Descriptor, string]}
 */
function place(doing, path) {
  demandJob('a file');
  const wanted = wellFormed(path);
  if (!wanted.startsWith('/')) {
    throw new FileError('invalid', path, `${doing} \`${path}\`: the path is not absolute: use those of the job's artifacts`);
  }
  if (wanted.includes('\0')) throw new FileError('invalid', path, `${doing} \`${path}\`: the path has a zero byte`);
  // The longest first: a granted directory may be below another.
  directories ??= getDirectories().sort(([, a], [, b]) => b.length - a.length);
  for (const [directory, name] of directories) {
    const base = name.endsWith('/') ? name : `${name}/`;
    if (wanted === name) return [directory, '.'];
    if (wanted.startsWith(base)) return [directory, wanted.slice(base.length).replace(/^\/+/, '') || '.'];
  }
  const there = directories.map(([, name]) => `\`${name}\``).sort().join(', ') || 'nothing';
  throw new FileError('no-entry', path, `${doing} \`${path}\`: it is in no directory of this job: there are ${there}`);
}

/**
 * @template T
 * @param {string} doing
 * @param {string} path
 * @param {(directory: Descriptor, inside: string) => T} use
 * @returns {T}
 */
function at(doing, path, use) {
  const [directory, inside] = place(doing, path);
  return told(doing, path, () => use(directory, inside));
}

/**
 * @template T
 * @param {string} doing
 * @param {string} path
 * @param {() => T} use
 * @returns {T}
 */
function told(doing, path, use) {
  try {
    return use();
  } catch (error) {
    throw reason(error, doing, path);
  }
}

class OpenFile {
  #descriptor;

  /**
   * @param {string} path
   * @param {Descriptor} descriptor
   */
  constructor(path, descriptor) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  size() {
    return told('reading', this.path, () => Number(this.#descriptor.stat().size));
  }

  /**
   * @param {number} length
   * @param {number} offset
   */
  read(length, offset) {
    return told('reading', this.path, () => this.#descriptor.read(length, offset)[0]);
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} offset
   */
  write(bytes, offset) {
    told('writing', this.path, () => {
      for (let done = 0; done < bytes.length; ) {
        const written = Number(this.#descriptor.write(bytes.subarray(done, done + PIECE), offset + done));
        if (written === 0) throw { payload: 'insufficient-space' };
        done += written;
      }
    });
  }

  /** @param {number} size */
  truncate(size) {
    told('writing', this.path, () => this.#descriptor.setSize(size));
  }

  close() {
    this.#descriptor[Symbol.dispose]?.();
  }

  [Symbol.dispose]() {
    this.close();
  }
}

/** What the modes of `open` are to WASI. */
const MODES = {
  read: { open: {}, flags: { read: true } },
  write: { open: { create: true, truncate: true }, flags: { write: true } },
  update: { open: { create: true }, flags: { read: true, write: true } },
};

/**
 * @template T
 * @param {string} path
 * @param {import('../types/index.js').OpenMode} mode
 * @param {(file: OpenFile) => T} use
 * @returns {T}
 */
function opened(path, mode, use) {
  const file = files.open(path, mode);
  try {
    return use(/** @type {OpenFile} */ (file));
  } finally {
    file.close();
  }
}

/** @param {string | Uint8Array} content */
const bytesOf = (content) => (typeof content === 'string' ? utf8.encode(content) : content);

/**
 * @param {string} type
 * @returns {import('../types/index.js').FileInfo['kind']}
 */
function kindOf(type) {
  if (type === 'regular-file') return 'file';
  if (type === 'symbolic-link') return 'link';
  return type === 'directory' ? 'directory' : 'other';
}

/**
 * By UTF-8 bytes, as other languages sort; JavaScript's own order is by UTF-16 units.
 *
 * @param {string} a
 * @param {string} b
 */
export function byBytes(a, b) {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) {
      const [pairLeft, pairRight] = [left >= 0xd800 && left < 0xe000, right >= 0xd800 && right < 0xe000];
      return pairLeft === pairRight ? left - right : pairLeft ? 1 : -1;
    }
  }
  return a.length - b.length;
}

/** @type {typeof import('../types/index.js').files} */
export const files = {
  open(path, mode = 'read') {
    const how = MODES[mode];
    if (how === undefined) throw new TypeError(`\`${mode}\` is no mode: there are ${Object.keys(MODES).join(', ')}`);
    return at(mode === 'read' ? 'reading' : 'writing', path, (directory, inside) => {
      const descriptor = directory.openAt(FOLLOW, inside, how.open, how.flags);
      if (descriptor.getType() === 'directory') throw { payload: 'is-directory' };
      return new OpenFile(path, descriptor);
    });
  },

  read(path) {
    return opened(path, 'read', (file) => {
      let bytes = new Uint8Array(file.size());
      let end = 0;
      for (;;) {
        const piece = file.read(PIECE, end);
        if (piece.length === 0) return end === bytes.length ? bytes : bytes.slice(0, end);
        if (end + piece.length > bytes.length) {
          // It has grown since.
          const larger = new Uint8Array(end + piece.length);
          larger.set(bytes);
          bytes = larger;
        }
        bytes.set(piece, end);
        end += piece.length;
      }
    });
  },

  readText(path, options = {}) {
    const bytes = files.read(path);
    try {
      return utf8.decode(bytes, options);
    } catch {
      throw new FileError('illegal-byte-sequence', path, `reading \`${path}\`: it is not UTF-8 text`);
    }
  },

  write(path, content) {
    opened(path, 'write', (file) => file.write(bytesOf(content), 0));
  },

  append(path, content) {
    opened(path, 'update', (file) => file.write(bytesOf(content), file.size()));
  },

  *pieces(path, length = PIECE) {
    const file = files.open(path);
    try {
      for (let offset = 0; ; ) {
        const piece = file.read(length, offset);
        if (piece.length === 0) return;
        offset += piece.length;
        yield piece;
      }
    } finally {
      file.close();
    }
  },

  copy(from, to) {
    opened(to, 'write', (file) => {
      let offset = 0;
      for (const piece of files.pieces(from)) {
        file.write(piece, offset);
        offset += piece.length;
      }
    });
  },

  stat(path) {
    const found = at('looking at', path, (directory, inside) => directory.statAt(FOLLOW, inside));
    const changed = found.dataModificationTimestamp ?? undefined;
    return {
      kind: kindOf(found.type),
      size: Number(found.size),
      modified: changed && new Date(Number(changed.seconds) * 1000 + Math.floor(changed.nanoseconds / 1e6)),
    };
  },

  exists(path) {
    try {
      files.stat(path);
      return true;
    } catch (error) {
      if (error instanceof FileError && ['no-entry', 'not-directory'].includes(error.code)) return false;
      throw error;
    }
  },

  list(path) {
    return at('reading the directory', path, (directory, inside) => {
      const opened = directory.openAt(FOLLOW, inside, { directory: true }, { read: true });
      const stream = opened.readDirectory();
      const entries = [];
      for (let entry = stream.readDirectoryEntry(); entry != null; entry = stream.readDirectoryEntry()) {
        entries.push({ name: entry.name, kind: kindOf(entry.type) });
      }
      stream[Symbol.dispose]?.();
      opened[Symbol.dispose]?.();
      return entries.sort((a, b) => byBytes(a.name, b.name));
    });
  },

  walk(path) {
    /** @type {string[]} */
    const found = [];
    const pending = [''];
    for (let below = pending.pop(); below !== undefined; below = pending.pop()) {
      for (const { name, kind } of files.list(below === '' ? path : `${path}/${below}`)) {
        const inside = below === '' ? name : `${below}/${name}`;
        if (kind === 'directory') pending.push(inside);
        if (kind === 'file') found.push(inside);
      }
    }
    return found.sort(byBytes);
  },

  mkdir(path) {
    const [directory, inside] = place('making the directory', path);
    const parts = inside.split('/').filter((part) => part !== '' && part !== '.');
    for (let end = 1; end <= parts.length; end++) {
      const step = parts.slice(0, end).join('/');
      try {
        directory.createDirectoryAt(step);
      } catch (error) {
        const failed = reason(error, 'making the directory', path);
        if (failed.code !== 'exist') throw failed;
        if (directory.statAt(FOLLOW, step).type !== 'directory') throw reason({ payload: 'not-directory' }, 'making the directory', path);
      }
    }
  },

  remove(path) {
    at('removing', path, (directory, inside) => {
      /** @type {string} */
      let type;
      try {
        type = directory.statAt({}, inside).type;
      } catch (error) {
        if (reason(error, 'removing', path).code === 'no-entry') return;
        throw error;
      }
      if (type !== 'directory') {
        directory.unlinkFileAt(inside);
        return;
      }
      for (const { name } of files.list(path)) files.remove(`${path}/${name}`);
      directory.removeDirectoryAt(inside);
    });
  },

  rename(from, to) {
    const [target, name] = place('moving to', to);
    at('moving', from, (directory, inside) => directory.renameAt(inside, target, name));
  },
};
