/**
 * The globals of the engine QuickJS with this SDK, beside those of ECMAScript. Choose them in tsconfig.json, and what
 * the engine lacks (`fetch`, `URL`, `setTimeout` ...) does not compile:
 *
 * ```json
 * { "compilerOptions": { "lib": ["esnext"], "types": ["pipefitter-sdk/quickjs"] } }
 * ```
 *
 * For StarlingMonkey it is `"lib": ["esnext", "dom", "dom.iterable"], "types": []`.
 *
 * @packageDocumentation
 */

export {};

declare global {
  /** Writes to the job's log. */
  var console: {
    trace(...values: unknown[]): void;
    debug(...values: unknown[]): void;
    log(...values: unknown[]): void;
    info(...values: unknown[]): void;
    warn(...values: unknown[]): void;
    error(...values: unknown[]): void;
    dir(value: unknown): void;
    assert(holds?: unknown, ...values: unknown[]): void;
  };

  class TextEncoder {
    readonly encoding: string;
    encode(text?: string): Uint8Array<ArrayBuffer>;
    encodeInto(text: string, into: Uint8Array): { read: number; written: number };
  }

  /** UTF-8 alone. */
  class TextDecoder {
    constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
    readonly encoding: string;
    readonly fatal: boolean;
    readonly ignoreBOM: boolean;
    decode(bytes?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
  }

  /** Random numbers of the host's. */
  var crypto: {
    getRandomValues<T extends ArrayBufferView>(array: T): T;
    randomUUID(): string;
  };

  /** A clock that never goes backwards, in milliseconds. */
  var performance: { now(): number };

  function queueMicrotask(task: () => void): void;
  function atob(text: string): string;
  function btoa(text: string): string;
}
