// Compiled, never run: the code is what the declarations say, and plugins get the types that they should.

import * as sdk from '../src/index.js';
import * as http from '../src/http.js';
import * as secrets from '../src/secrets.js';
import type * as declared from '../types/index.js';
import type * as declaredHttp from '../types/http.js';
import type * as declaredSecrets from '../types/secrets.js';

type Public<T> = { [K in keyof T]: T[K] };

// Classes are compared by what they make: their constructors are private in the declarations.
const { Outcome, FileError, Failure, ...functions } = sdk;
const declaredFunctions: Omit<Public<typeof declared>, 'Outcome' | 'FileError' | 'Failure'> = functions;
const outcome: Public<declared.Outcome> = Outcome.succeeded().summary('').percent(1);
const fileError: Public<declared.FileError> = new FileError('io', '/x', 'x');
const failure: declared.Failure = new Failure('job-failed', '', { cause: 1 });
const declaredHttpFunctions: Public<typeof declaredHttp> = http;
const declaredSecretFunctions: Public<typeof declaredSecrets> = secrets;

// A plugin's view.
declare const api: typeof declared;
const handler: declared.Handler = api.plugin((job) => {
  const config = job.config({
    title: api.string(),
    minWords: api.integer({ min: 1 }).optional(),
    mode: api.oneOf('fast', 'slow').default('fast'),
    paths: api.list(),
    sizes: api.list(api.number()),
    pair: api.string().map((text) => text.split('=')),
  });
  const title: string = config.title;
  const least: number | undefined = config.minWords;
  const mode: 'fast' | 'slow' = config.mode;
  const paths: string[] = config.paths;
  const sizes: number[] = config.sizes;
  const pair: string[] = config.pair;
  // @ts-expect-error an optional number may be absent
  const sure: number = config.minWords;
  // @ts-expect-error not a key of the schema
  config.other;
  // @ts-expect-error nothing is written to an input
  job.firstInput().write('a', 'b');
  // @ts-expect-error a level there is not
  api.log.write('fatal', 'x');
  for (const piece of job.firstInput().pieces('big.bin')) void piece.length;
  return api.Outcome.succeeded().variable('title', title).variable('least', least ?? 0).summary(mode);
});
// @ts-expect-error a plugin returns an outcome
api.plugin(() => 'done');
const later = api.plugin(async () => api.Outcome.inProgress({ step: 1 }).percent(50));
// @ts-expect-error no such kind
new api.Failure('broken', 'x');

export { declaredFunctions, outcome, fileError, failure, declaredHttpFunctions, declaredSecretFunctions, handler, later };
