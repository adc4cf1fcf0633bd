// From the component's export to the plugin's function and back. Whatever is thrown becomes a failure: what the engines
// make of anything else is a trap without a message.

import { begin, isQuickJs, wellFormed } from './engine.js';
import { Failure } from './failure.js';
import { inspect } from './inspect.js';
import { Job } from './job.js';
import { log } from './log.js';
import { Outcome } from './outcome.js';
import { stackOf } from './stack.js';

/** @typedef {import('pipefitter:action/types@0.1.0').Outcome} WireOutcome */
/** @typedef {import('pipefitter:action/types@0.1.0').Failure} WireFailure */

/** @type {typeof import('../types/index.js').plugin} */
export function plugin(run) {
  if (typeof run !== 'function') {
    throw new TypeError(`plugin() takes the function that runs a job, not ${inspect(run)}`);
  }
  return {
    run(wire) {
      begin();
      try {
        const job = new Job(/** @type {import('pipefitter:action/types@0.1.0').Job} */ (wire));
        const answer = /** @type {unknown} */ (run(job));
        if (!isPromise(answer)) return wireOutcome(answer);
        if (isQuickJs()) {
          throw Failure.jobFailed(
            "the plugin's function is async, and its engine, QuickJS, waits for nothing: make it an ordinary " +
              'function, or set `engine = "starlingmonkey"` in [build] of action.toml and build it again',
          );
        }
        return answer.then(wireOutcome).catch((error) => {
          throw wireFailure(error);
        });
      } catch (error) {
        throw wireFailure(error);
      }
    },
  };
}

/**
 * @param {unknown} value
 * @returns {value is Promise<unknown>}
 */
function isPromise(value) {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/**
 * @param {string | undefined} text
 * @returns {string | undefined}
 */
const sent = (text) => (text === undefined ? undefined : wellFormed(text));

/**
 * @param {unknown} outcome
 * @returns {WireOutcome}
 */
function wireOutcome(outcome) {
  if (!(outcome instanceof Outcome)) {
    const advice = outcome instanceof Error ? 'throw it' : 'return an Outcome, such as Outcome.succeeded()';
    const what = outcome instanceof Error ? `a ${outcome.name}` : inspect(outcome);
    throw new TypeError(`the plugin's function returned ${what}: ${advice}`);
  }
  const { summary, externalExecutionId, percentComplete } = outcome.details;
  const details = { summary: sent(summary), externalExecutionId: sent(externalExecutionId), percentComplete };
  if (outcome.continuationToken !== undefined) {
    return { tag: 'in-progress', val: { token: wellFormed(outcome.continuationToken), details } };
  }
  const revision = outcome.revision;
  return {
    tag: 'succeeded',
    val: {
      variables: [...outcome.variables].map(([name, value]) => [wellFormed(name), wellFormed(value)]),
      details,
      currentRevision: revision && {
        revision: wellFormed(revision.revision),
        changeIdentifier: wellFormed(revision.changeIdentifier),
        created: revision.created && revision.created.getTime() / 1000,
        summary: sent(revision.summary),
      },
    },
  };
}

/**
 * @param {unknown} thrown
 * @returns {WireFailure}
 */
function wireFailure(thrown) {
  // A failure is what the plugin wants to say. Of anything else whoever develops it wants the place.
  if (thrown instanceof Error && !(thrown instanceof Failure)) log.error(stackOf(thrown));
  const failure = Failure.of(thrown);
  return {
    kind: failure.kind,
    message: wellFormed(failure.message),
    externalExecutionId: sent(failure.externalExecutionId),
  };
}
