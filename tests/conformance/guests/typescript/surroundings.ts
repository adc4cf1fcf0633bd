// Log, time, chance, and the host's wish to end.

import { control, log as joblog, Outcome } from 'pipefitter-sdk';
import { sleep } from 'pipefitter-sdk/http';

const DAY = 86_400_000;
const YEAR_2024 = Date.UTC(2024);

export function trap(): never {
  const deeper = (depth: number): number => depth + deeper(depth + 1);
  throw new Error(`there is an end: ${deeper(0)}`);
}

export async function stop(): Promise<Outcome> {
  joblog.info('waiting');
  for (;;) {
    const reason = control.stopRequested();
    if (reason !== undefined) return Outcome.inProgress(`stopped: ${reason}`);
    await sleep(20);
  }
}

export function deadline(): never {
  const left = control.timeRemaining();
  joblog.info(`remaining: ${left > 0 && left <= DAY ? 'yes' : 'no'}`);
  for (;;);
}

export function log(): Outcome {
  for (const level of ['trace', 'debug', 'info', 'warn', 'error'] as const) {
    joblog.write(level, `level ${level}`, { key: 'value' });
  }
  joblog.info('l'.repeat(100_000));
  console.log('to standard output');
  console.error('to standard error');
  return Outcome.succeeded();
}

export function clock(): Outcome {
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

export function random(): Outcome {
  const [one, other] = [draw(), draw()];
  return Outcome.succeeded().variable('differ', one === other ? 'no' : 'yes').variable('bytes', one);
}

function draw(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
