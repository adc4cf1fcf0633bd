// What goes wrong with files, in words.

/** @type {Record<import('../types/index.js').FileErrorCode, string>} */
const WORDS = {
  access: 'access is refused',
  'would-block': 'it would block',
  already: 'it is being done already',
  'bad-descriptor': 'the file is closed',
  busy: 'it is in use',
  deadlock: 'it would wait for itself',
  quota: 'the quota is used up',
  exist: 'it is there already',
  'file-too-large': 'the file is too large',
  'illegal-byte-sequence': 'its name is not UTF-8',
  'in-progress': 'it is being done',
  interrupted: 'it was interrupted',
  invalid: 'that cannot be done with it',
  io: 'the file system failed',
  'is-directory': 'it is a directory',
  loop: 'its links lead in a circle',
  'too-many-links': 'it has too many links',
  'message-size': 'it is too long',
  'name-too-long': 'its name is too long',
  'no-device': 'there is no such device',
  'no-entry': 'there is no such file or directory',
  'no-lock': 'it cannot be locked',
  'insufficient-memory': 'there is not enough memory',
  'insufficient-space': 'there is no space left',
  'not-directory': 'it, or what it is in, is not a directory',
  'not-empty': 'it is not empty',
  'not-recoverable': 'it cannot be recovered',
  unsupported: 'that is not supported',
  'no-tty': 'that cannot be done with it',
  'no-such-device': 'there is no such device',
  overflow: 'a number is too large',
  'not-permitted': 'that is not permitted',
  pipe: 'its reader is gone',
  'read-only': 'it is read-only',
  'invalid-seek': 'there is no such place in it',
  'text-file-busy': 'it is being run',
  'cross-device': 'the two are not in the same directory of the host',
};

export class FileError extends Error {
  /**
   * @param {import('../types/index.js').FileErrorCode} code
   * @param {string} path
   * @param {string} message
   */
  constructor(code, path, message) {
    super(message);
    /** @type {'FileError'} */
    this.name = 'FileError';
    this.code = code;
    this.path = path;
  }
}

/**
 * An error of WASI's as one with words. QuickJS throws an `Error` with a payload, StarlingMonkey something that is none.
 *
 * @param {unknown} error
 * @param {string} doing
 * @param {string} path
 * @returns {FileError}
 */
export function reason(error, doing, path) {
  if (error instanceof FileError) return error;
  const payload = typeof error === 'object' && error !== null && 'payload' in error ? error.payload : undefined;
  if (typeof payload !== 'string' || !(payload in WORDS)) throw error;
  const code = /** @type {import('../types/index.js').FileErrorCode} */ (payload);
  return new FileError(code, path, `${doing} \`${path}\`: ${WORDS[code]}`);
}
