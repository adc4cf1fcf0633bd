// wasi:filesystem over node's file functions.

import fs from 'node:fs';
import { join } from 'node:path';
import { host } from '../state.js';

const CODES = {
  EACCES: 'access',
  EPERM: 'not-permitted',
  EROFS: 'read-only',
  ENOENT: 'no-entry',
  EEXIST: 'exist',
  ENOTDIR: 'not-directory',
  EISDIR: 'is-directory',
  ENOTEMPTY: 'not-empty',
  ELOOP: 'loop',
  ENAMETOOLONG: 'name-too-long',
  ENOSPC: 'insufficient-space',
  EXDEV: 'cross-device',
  EINVAL: 'invalid',
  EBADF: 'bad-descriptor',
};

function wasi(use) {
  try {
    return use();
  } catch (error) {
    const payload = CODES[error.code];
    throw payload === undefined ? error : Object.assign(new Error(payload), { payload });
  }
}

const u64 = (value) => (host.bigints ? BigInt(value) : value);

const typeOf = (entry) => {
  if (entry.isFile()) return 'regular-file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'symbolic-link' : 'unknown';
};

const statOf = (found) => ({
  type: typeOf(found),
  size: u64(found.size),
  dataModificationTimestamp: {
    seconds: u64(Math.floor(found.mtimeMs / 1000)),
    nanoseconds: Math.floor((found.mtimeMs % 1000) * 1e6),
  },
});

export class Descriptor {
  #path;
  #file;

  constructor(path, file) {
    this.#path = path;
    this.#file = file;
  }

  getType() {
    return this.stat().type;
  }

  stat() {
    return wasi(() => statOf(this.#file === undefined ? fs.statSync(this.#path) : fs.fstatSync(this.#file)));
  }

  statAt({ symlinkFollow = false }, name) {
    return wasi(() => statOf((symlinkFollow ? fs.statSync : fs.lstatSync)(join(this.#path, name))));
  }

  openAt(_, name, { create = false, truncate = false, directory = false }, { read = false, write = false }) {
    const path = join(this.#path, name);
    return wasi(() => {
      const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_TRUNC, O_DIRECTORY } = fs.constants;
      const flags =
        (write ? (read ? O_RDWR : O_WRONLY) : O_RDONLY) |
        (create ? O_CREAT : 0) |
        (truncate ? O_TRUNC : 0) |
        (directory ? O_DIRECTORY : 0);
      return new Descriptor(path, fs.openSync(path, flags));
    });
  }

  read(length, offset) {
    return wasi(() => {
      const bytes = new Uint8Array(length);
      const count = fs.readSync(this.#file, bytes, 0, length, offset);
      return [bytes.slice(0, count), count < length];
    });
  }

  write(bytes, offset) {
    return wasi(() => u64(fs.writeSync(this.#file, bytes, 0, bytes.length, offset)));
  }

  setSize(size) {
    wasi(() => fs.ftruncateSync(this.#file, size));
  }

  readDirectory() {
    const entries = wasi(() => fs.readdirSync(this.#path, { withFileTypes: true }));
    return {
      readDirectoryEntry() {
        const entry = entries.pop();
        return entry && { name: entry.name, type: typeOf(entry) };
      },
    };
  }

  createDirectoryAt(name) {
    wasi(() => fs.mkdirSync(join(this.#path, name)));
  }

  unlinkFileAt(name) {
    wasi(() => fs.unlinkSync(join(this.#path, name)));
  }

  removeDirectoryAt(name) {
    wasi(() => fs.rmdirSync(join(this.#path, name)));
  }

  renameAt(name, directory, newName) {
    wasi(() => fs.renameSync(join(this.#path, name), join(directory.#path, newName)));
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    if (this.#file !== undefined) fs.closeSync(this.#file);
    this.#file = undefined;
  }
}
