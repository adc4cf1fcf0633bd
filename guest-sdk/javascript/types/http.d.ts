/**
 * HTTP, on the engine StarlingMonkey. The manifest has to ask for it, which also chooses the engine:
 *
 * ```toml
 * [capabilities]
 * network = [{ to = "https://api.example.com", reason = "to announce the release" }]
 * ```
 *
 * `fetch` itself is there, too; `request` adds a time limit and errors that a pipeline's owner understands.
 *
 * @packageDocumentation
 */

/** A request. */
export interface RequestOptions {
  /** GET unless said otherwise. */
  method?: string;
  headers?: Readonly<Record<string, string>>;
  /** Text, bytes, or with `json` anything that JSON can say. */
  body?: string | Uint8Array;
  /** Sent as JSON, with its content type. */
  json?: unknown;
  /** Milliseconds until the whole answer must be there; 30,000 unless said otherwise. */
  timeout?: number;
}

/** An answer, whatever its status. Redirects are not followed. */
export interface Response {
  readonly status: number;
  /** Whether the status is 200 to 299. */
  readonly ok: boolean;
  /** A header's value, by its name in any case. */
  header(name: string): string | undefined;
  /** All headers, by their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Uint8Array;
  /** The body as text; what is not UTF-8 becomes U+FFFD. */
  readonly text: string;
  /** The body as JSON. @throws Failure `job-failed`, when it is none */
  json<T = unknown>(): T;
}

/**
 * Makes a request and reads its whole answer.
 *
 * @throws Failure `system-unavailable` when there is no answer; the message names scheme, host and port, never the path
 * or a header
 */
export function request(url: string, options?: RequestOptions): Promise<Response>;

/** Waits, on the engine StarlingMonkey. */
export function sleep(milliseconds: number): Promise<void>;

