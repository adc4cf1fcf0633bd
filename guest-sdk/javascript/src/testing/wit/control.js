import { host } from '../state.js';

export function progress(percent, summary) {
  host.progress.push({ percent, summary });
}

export const stopRequested = () => host.stop;
export const timeRemaining = () => host.timeRemaining;
