import type { ConfigOf, Schema } from './config.js';
import type { FileInfo, OpenFile, TextOptions } from './files.js';

/** The action type that a job is for, as it is registered with CodePipeline. */
export interface ActionType {
  /** `Source`, `Build`, `Test`, `Deploy`, `Invoke`, `Approval` or `Compute`. */
  readonly category: string;
  /** `Custom` or `ThirdParty`. */
  readonly owner: string;
  readonly provider: string;
  /** Of the action type, not of the plugin. */
  readonly version: string;
}

/** Where in which pipeline the action stands. */
export interface PipelineContext {
  readonly pipeline: string;
  readonly stage: string;
  readonly action: string;
  /** Absent for third-party jobs. */
  readonly pipelineArn: string | undefined;
  /** Absent for third-party jobs. */
  readonly pipelineExecutionId: string | undefined;
  /** The same for every job of a continuation chain. */
  readonly actionExecutionId: string | undefined;
}

/** An artifact that an earlier action made. Read-only. Paths are relative to it. */
export interface InputArtifact {
  /** The name in the pipeline's definition. */
  readonly name: string;
  /** The directory that holds it: an absolute path, for {@link files}. */
  readonly path: string;
  /** The one file in `path`, where the artifact was no archive: an absolute path. */
  readonly file: string | undefined;
  /** The revision that the service gave. */
  readonly revision: string | undefined;
  /** Its files, as relative paths sorted by their UTF-8 bytes. */
  files(): string[];
  /** A whole file. */
  read(path: string): Uint8Array;
  /** A whole text file. */
  readText(path: string, options?: TextOptions): string;
  /** A file in pieces, 256 KiB unless said otherwise. */
  pieces(path: string, length?: number): Generator<Uint8Array, void, undefined>;
  /** What there is at a path. */
  stat(path: string): FileInfo;
  /** Whether there is something at a path. */
  exists(path: string): boolean;
}

/** An artifact that this action is to make. It is uploaded when the job succeeds, and dropped else. */
export interface OutputArtifact {
  /** The name in the pipeline's definition. */
  readonly name: string;
  /** The directory to fill: an absolute path, for {@link files}. */
  readonly path: string;
  /** Writes a file at a relative path, making the directories that it is in. Absolute paths and `..` are refused. */
  write(path: string, content: string | Uint8Array): void;
  /** Opens a new file at a relative path, to be written in pieces. */
  create(path: string): OpenFile;
}

/** One job. As JSON or text it has no values of the configuration and no token, which may be secret. */
export interface Job {
  /** A UUID; a new one for every job of a continuation chain. */
  readonly id: string;
  /** 1, or more when the host runs the same job again after a crash. */
  readonly attempt: number;
  /** The AWS account of the pipeline, where the service tells it. */
  readonly accountId: string | undefined;
  readonly actionType: ActionType;
  /** The configuration as text. {@link Job.config} gives it typed. */
  readonly configuration: ReadonlyMap<string, string>;
  readonly pipeline: PipelineContext;
  /** In the order of the pipeline's definition. */
  readonly inputs: readonly InputArtifact[];
  /** In the order of the pipeline's definition. */
  readonly outputs: readonly OutputArtifact[];
  /** A private, empty directory for temporary files, where the operator granted one. */
  readonly scratch: string | undefined;
  /** The token of the previous job of this action, as it is. {@link Job.token} gives what was put into it. */
  readonly continuationToken: string | undefined;
  /** Facts that a later host may add, such as `region`. */
  readonly attributes: ReadonlyMap<string, string>;

  /**
   * The configuration, typed. A field `minWords` takes the keys `minWords`, `min-words` and `min_words`.
   *
   * ```ts
   * const { greeting, minWords } = job.config({
   *   greeting: string().default('Hello'),
   *   minWords: integer({ min: 1 }).optional(),
   * });
   * ```
   *
   * @throws Failure a `configuration-error` that names the key and what it takes
   */
  config<S extends Schema>(schema: S): ConfigOf<S>;
  /** One value of the configuration as text. */
  configValue(key: string): string | undefined;
  /** One of the attributes. */
  attribute(name: string): string | undefined;
  /**
   * What the previous job of this action gave to {@link Outcome.inProgress}; `undefined` in the first job.
   *
   * @throws Failure when the token is none that `inProgress` makes
   */
  token<T = unknown>(): T | undefined;
  /** The input artifact of a name. @throws Failure a `configuration-error` that names those there are */
  input(name: string): InputArtifact;
  /** The first input artifact. @throws Failure a `configuration-error` when the action has none */
  firstInput(): InputArtifact;
  /** The output artifact of a name. @throws Failure a `configuration-error` that names those there are */
  output(name: string): OutputArtifact;
  /** The first output artifact. @throws Failure a `configuration-error` when the action has none */
  firstOutput(): OutputArtifact;
  /** The directory for temporary files. @throws Failure a `permission-error` that says what to grant */
  scratchDir(): string;
}
