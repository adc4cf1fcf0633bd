import { progress, stopRequested, timeRemaining } from 'pipefitter:action/control@0.1.0';
import { demandJob, wellFormed } from './engine.js';

/**
 * A percentage as the contract has it. What is no number, as 0 of 0 files done, is none that is known.
 *
 * @param {number | undefined} percent
 * @returns {number | undefined}
 */
export function wholePercent(percent) {
  if (percent === undefined || !Number.isFinite(percent)) return undefined;
  return Math.min(100, Math.max(0, Math.round(percent)));
}

/** @type {typeof import('../types/index.js').control} */
export const control = {
  progress(percent, summary) {
    demandJob('control');
    progress(wholePercent(percent), wellFormed(summary));
  },
  stopRequested() {
    demandJob('control');
    return stopRequested() ?? undefined;
  },
  timeRemaining() {
    demandJob('control');
    return Number(timeRemaining());
  },
};
