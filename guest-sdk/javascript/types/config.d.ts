/**
 * Reads one value of the configuration, which is text, as something of a type.
 *
 * An absent key, or one with an empty value, fails the job unless {@link Reader.optional} or {@link Reader.default}
 * says what it means.
 */
export interface Reader<T> {
  /** The key may be absent; it is `undefined` then. */
  optional(): Reader<T | undefined>;
  /** What an absent key means. */
  default(value: T): Reader<T>;
  /**
   * Makes something else of the value. What `make` throws becomes a `configuration-error` that names the key:
   *
   * ```ts
   * string().map((text) => text.split('='))
   * ```
   */
  map<U>(make: (value: T) => U): Reader<U>;
}

/** Bounds of a number, both included. */
export interface Bounds {
  /** The least. */
  min?: number;
  /** The most. */
  max?: number;
}

/** Text, as it is. */
export function string(): Reader<string>;
/** A number in decimal, such as `0.5` or `1e3`. */
export function number(bounds?: Bounds): Reader<number>;
/** A whole number. */
export function integer(bounds?: Bounds): Reader<number>;
/** `true` or `false`, in any case. */
export function boolean(): Reader<boolean>;
/** One of these texts. */
export function oneOf<const T extends string>(...values: readonly T[]): Reader<T>;
/** A list with commas, `docs/*, *.md`, of texts or of what `item` reads. Empty items are left out. */
export function list(): Reader<string[]>;
export function list<T>(item: Reader<T>): Reader<T[]>;
/** JSON. Nothing checks that it is a `T`: {@link Reader.map} can. */
export function json<T = unknown>(): Reader<T>;

/** The keys of a configuration and how to read them. */
export type Schema = Readonly<Record<string, Reader<unknown>>>;

/** What a {@link Schema} reads. */
export type ConfigOf<S extends Schema> = {
  readonly [K in keyof S]: S[K] extends Reader<infer T> ? T : never;
};
