// Log, time, chance, and the host's wish to end.

import { control, log as joblog, Outcome } from 'pipefitter-sdk';

const DAY = 86_400_000;
const YEAR_2024 = Date.UTC(2024);

export function trap() {
  const deeper = (depth) => depth + deeper(depth + 1);
  throw new Error(`there is an end: ${deeper(0)}`);
}

export function stop() {
  joblog.info('waiting');
  for (;;) {
    const reason = control.stopRequested();
    if (reason !== undefined) return Outcome.inProgress(`stopped: ${reason}`);
    pause(20);
  }
}

/** QuickJS has nothing to wait with. */
function pause(milliseconds) {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

export function deadline() {
  const left = control.timeRemaining();
  joblog.info(`remaining: ${left > 0 && left <= DAY ? 'yes' : 'no'}`);
  for (;;);
}

export function log() {
  for (const level of /** @type {const} */ (['trace', 'debug', 'info', 'warn', 'error'])) {
    joblog.write(level, `level ${level}`, { key: 'value' });
  }
  joblog.info('l'.repeat(100_000));
  console.log('to standard output');
  console.error('to standard error');
  return Outcome.succeeded();
}

export function clock() {
  let last = performance.now();
  let monotonic = true;
  for (let reading = 0; reading < 1_000; reading++) {
    const now = performance.now();
    monotonic &&= now >= last;
    last = now;
  }
  return Outcome.succeeded()
    .variable('wall', Date.now() >= YEAR_2024 ? 'yes' : 'no')
    .variable('monotonic', monotonic ? 'yes' : 'no');
}

export function random() {
  const [one, other] = [draw(), draw()];
  return Outcome.succeeded().variable('differ', one === other ? 'no' : 'yes').variable('bytes', one);
}

function draw() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
