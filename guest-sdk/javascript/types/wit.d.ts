// The host's functions as the engines give them: wit/action.wit and WASI 0.2.12, as far as they are used. 64-bit integers
// are BigInt on StarlingMonkey and Number on QuickJS, which both take Numbers; what is absent is `undefined` or `null`.

declare module 'pipefitter:action/types@0.1.0' {
  type Absent = null | undefined;
  type Pair = [string, string];

  export interface Job {
    id: string;
    attempt: number;
    accountId?: string | Absent;
    actionType: { category: string; owner: string; provider: string; version: string };
    configuration: Pair[];
    pipeline: {
      pipeline: string;
      stage: string;
      action: string;
      pipelineArn?: string | Absent;
      pipelineExecutionId?: string | Absent;
      actionExecutionId?: string | Absent;
    };
    inputs: { name: string; path: string; file?: string | Absent; revision?: string | Absent }[];
    outputs: { name: string; path: string }[];
    scratch?: string | Absent;
    continuationToken?: string | Absent;
    attributes: Pair[];
  }

  export interface Details {
    summary: string | undefined;
    externalExecutionId: string | undefined;
    percentComplete: number | undefined;
  }

  export interface Revision {
    revision: string;
    changeIdentifier: string;
    created: number | undefined;
    summary: string | undefined;
  }

  export type Outcome =
    | { tag: 'succeeded'; val: { variables: Pair[]; details: Details; currentRevision: Revision | undefined } }
    | { tag: 'in-progress'; val: { token: string; details: Details } };

  export interface Failure {
    kind: import('./result.js').FailureKind;
    message: string;
    externalExecutionId: string | undefined;
  }
}

declare module 'pipefitter:action/log@0.1.0' {
  type Level = import('./index.js').Level;
  export function write(level: Level, message: string, fields: [string, string][]): void;
  export function threshold(): Level;
}

declare module 'pipefitter:action/control@0.1.0' {
  export function progress(percent: number | undefined, summary: string): void;
  export function stopRequested(): import('./index.js').StopReason | null | undefined;
  export function timeRemaining(): number;
}

declare module 'pipefitter:action/secrets@0.1.0' {
  export function get(name: string): string;
  export function getBytes(name: string): Uint8Array;
}

declare module 'wasi:random/random@0.2.12' {
  export function getRandomBytes(length: number): Uint8Array;
}

declare module 'wasi:filesystem/preopens@0.2.12' {
  export function getDirectories(): [import('wasi:filesystem/types@0.2.12').Descriptor, string][];
}

declare module 'wasi:filesystem/types@0.2.12' {
  type U64 = number | bigint;

  export interface Stat {
    type: string;
    size: U64;
    dataModificationTimestamp?: { seconds: U64; nanoseconds: number } | null;
  }

  export interface DirectoryEntryStream {
    readDirectoryEntry(): { type: string; name: string } | null | undefined;
    [Symbol.dispose]?(): void;
  }

  export interface Descriptor {
    getType(): string;
    stat(): Stat;
    statAt(path: { symlinkFollow?: boolean }, name: string): Stat;
    openAt(
      path: { symlinkFollow?: boolean },
      name: string,
      open: { create?: boolean; truncate?: boolean; directory?: boolean; exclusive?: boolean },
      flags: { read?: boolean; write?: boolean },
    ): Descriptor;
    read(length: number, offset: number): [Uint8Array, boolean];
    write(bytes: Uint8Array, offset: number): U64;
    setSize(size: number): void;
    readDirectory(): DirectoryEntryStream;
    createDirectoryAt(name: string): void;
    unlinkFileAt(name: string): void;
    removeDirectoryAt(name: string): void;
    renameAt(name: string, directory: Descriptor, newName: string): void;
    [Symbol.dispose]?(): void;
  }
}
