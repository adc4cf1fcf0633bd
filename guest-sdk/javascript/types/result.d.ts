/** CodePipeline's failure types. */
export type FailureKind =
  /** The work itself failed: tests that do not pass, a check that found something. */
  | 'job-failed'
  /** The action's configuration is wrong; the message names the key. */
  | 'configuration-error'
  /** Something that is needed may not be accessed. */
  | 'permission-error'
  /** The revision to work on is not the one expected. */
  | 'revision-out-of-sync'
  /** An input artifact or revision is missing. */
  | 'revision-unavailable'
  /** Another system does not answer: trying again later may help. */
  | 'system-unavailable';

/**
 * Why a job failed. Throw it. The message is for the pipeline's owner: what went wrong and what to do about it, at most
 * 5,000 characters.
 */
export class Failure extends Error {
  constructor(kind: FailureKind, message: string, options?: { cause?: unknown });
  readonly kind: FailureKind;
  /** The id of this work in another system. */
  readonly externalExecutionId: string | undefined;

  /** The work itself failed. */
  static jobFailed(message: string): Failure;
  /** The action's configuration is wrong. */
  static configurationError(message: string): Failure;
  /** The configuration's `key` is wrong: the message becomes "configuration `key`: ...". */
  static configurationKey(key: string, problem: string): Failure;
  /** Something that is needed may not be accessed. */
  static permissionError(message: string): Failure;
  /** The revision to work on is not the one expected. */
  static revisionOutOfSync(message: string): Failure;
  /** An input artifact or revision is missing. */
  static revisionUnavailable(message: string): Failure;
  /** Another system does not answer: trying again later may help. */
  static systemUnavailable(message: string): Failure;
  /**
   * Whatever was thrown as a failure: its own kind where it has one, else `job-failed`; its message with those of
   * its causes, and before them `what` was being done.
   */
  static of(thrown: unknown, what?: string): Failure;

  /** Gives the id of this work in another system, for `{ExternalExecutionId}` in the action type's URLs. */
  externalId(id: string): this;
}

/** The revision that a source or deploy action made current. */
export interface CurrentRevision {
  /** Such as a commit, 1 to 1,500 characters. */
  revision: string;
  /** What changed from the one before, such as a tag, 1 to 100 characters. */
  changeIdentifier: string;
  /** When it was made. */
  created?: Date;
  /** A description, up to 2,048 characters. */
  summary?: string;
}

/**
 * What a run that did not fail came to: {@link Outcome.succeeded} or {@link Outcome.inProgress}.
 *
 * ```ts
 * return Outcome.succeeded().variable('pages', 3).summary('3 pages');
 * ```
 */
export class Outcome {
  private constructor();
  /** The job is done. */
  static succeeded(): Outcome;
  /**
   * This job ends, the action goes on: CodePipeline makes a new job of it later, which gets `token` by
   * {@link Job.token}. It is sent as JSON, at most 1,700 characters, and is not a place for secrets. Files written to
   * output artifacts are dropped: the next job starts with empty ones.
   *
   * @throws Failure when the token cannot be written as JSON or is too long
   */
  static inProgress(token: unknown): Outcome;

  /**
   * Sets an output variable, for `#{namespace.name}` in later actions. Names match `[A-Za-z0-9@_-]+`. The last value
   * of a name counts. Only a success has variables.
   */
  variable(name: string, value: string | number | bigint | boolean): this;
  /** Says what was done, up to 2,048 characters. */
  summary(text: string): this;
  /** Says how far the action is, 0 to 100. */
  percent(percent: number): this;
  /** Gives the id of this work in another system, for `{ExternalExecutionId}` in the action type's URLs. */
  externalId(id: string): this;
  /** Tells the revision that the action made current. Only a success has one. */
  currentRevision(revision: CurrentRevision): this;

  /** Whether the job is done. */
  readonly isSucceeded: boolean;
  /** The output variables, in the order they were set. */
  readonly variables: ReadonlyMap<string, string>;
  /** What the console shows beside the action. */
  readonly details: {
    readonly summary: string | undefined;
    readonly externalExecutionId: string | undefined;
    readonly percentComplete: number | undefined;
  };
  /** The revision made current. */
  readonly revision: CurrentRevision | undefined;
  /** The token as it is sent, of a job in progress. */
  readonly continuationToken: string | undefined;
}
