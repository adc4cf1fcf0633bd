/** WASI's names of what can go wrong with a file. */
export type FileErrorCode =
  | 'access' | 'would-block' | 'already' | 'bad-descriptor' | 'busy' | 'deadlock' | 'quota' | 'exist'
  | 'file-too-large' | 'illegal-byte-sequence' | 'in-progress' | 'interrupted' | 'invalid' | 'io'
  | 'is-directory' | 'loop' | 'too-many-links' | 'message-size' | 'name-too-long' | 'no-device' | 'no-entry'
  | 'no-lock' | 'insufficient-memory' | 'insufficient-space' | 'not-directory' | 'not-empty' | 'not-recoverable'
  | 'unsupported' | 'no-tty' | 'no-such-device' | 'overflow' | 'not-permitted' | 'pipe' | 'read-only'
  | 'invalid-seek' | 'text-file-busy' | 'cross-device';

/** A file function that failed. Uncaught, it is a `permission-error` where access was refused, else `job-failed`. */
export class FileError extends Error {
  private constructor();
  readonly name: 'FileError';
  /** What went wrong. */
  readonly code: FileErrorCode;
  /** The path that it was about. */
  readonly path: string;
}

/** What there is at a path. */
export interface FileInfo {
  /** What kind of thing it is. */
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  /** Its size in bytes. */
  readonly size: number;
  /** When its content was changed, where the file system knows. */
  readonly modified: Date | undefined;
}

/** An entry of a directory. */
export interface Entry {
  readonly name: string;
  readonly kind: FileInfo['kind'];
}

/** How to read text. */
export interface TextOptions {
  /** Put U+FFFD in the place of bytes that are not UTF-8; else they are an error. */
  lossy?: boolean;
}

/** An open file, for what is too large to be held in memory. Close it, or declare it with `using`. */
export interface OpenFile {
  readonly path: string;
  /** Its size in bytes. */
  size(): number;
  /** Reads at most so many bytes from a place on; an empty array is the end of the file. */
  read(length: number, offset: number): Uint8Array;
  /** Writes all of these bytes at a place. */
  write(bytes: Uint8Array, offset: number): void;
  /** Makes it shorter, or longer with zeros. */
  truncate(size: number): void;
  close(): void;
  [Symbol.dispose](): void;
}

/** How to open a file: to read it, to write a new or emptied one, to write into what is there or a new one. */
export type OpenMode = 'read' | 'write' | 'update';

/**
 * Files, by absolute paths as the job's artifacts have them. Links are followed, except by `list`, `walk` and
 * `remove`. Paths lead nowhere but into artifacts, scratch and granted directories. All of these functions throw
 * {@link FileError}.
 */
export const files: {
  /** A whole file. */
  read(path: string): Uint8Array;
  /** A whole text file. */
  readText(path: string, options?: TextOptions): string;
  /** Writes a whole file, in the place of an earlier one. Directories that it is in must be there. */
  write(path: string, content: string | Uint8Array): void;
  /** Writes at the end of a file, which is made if it is not there. */
  append(path: string, content: string | Uint8Array): void;
  /** Opens a file. */
  open(path: string, mode?: OpenMode): OpenFile;
  /**
   * A file in pieces, 256 KiB unless said otherwise, for what is too large to be held in memory:
   *
   * ```ts
   * for (const piece of files.pieces(path)) hash.update(piece);
   * ```
   */
  pieces(path: string, length?: number): Generator<Uint8Array, void, undefined>;
  /** A copy of a file, piece by piece. */
  copy(from: string, to: string): void;
  /** What there is at a path. */
  stat(path: string): FileInfo;
  /** Whether there is something at a path. */
  exists(path: string): boolean;
  /** What is in a directory, sorted by name. */
  list(path: string): Entry[];
  /**
   * The files below a directory, as relative paths with `/`, sorted by their UTF-8 bytes: the same order on every
   * machine. Links are neither followed nor listed.
   */
  walk(path: string): string[];
  /** Makes a directory and those that it is in. */
  mkdir(path: string): void;
  /** Removes a file, a link, or a directory with all that is in it. Nothing there is no error. */
  remove(path: string): void;
  /** Moves a file or directory within one artifact or granted directory. */
  rename(from: string, to: string): void;
};

/** UTF-8, for engines with and without `TextEncoder`. */
export const utf8: {
  encode(text: string): Uint8Array;
  /** @throws Failure when they are not UTF-8, unless `lossy`. */
  decode(bytes: Uint8Array, options?: TextOptions): string;
};

