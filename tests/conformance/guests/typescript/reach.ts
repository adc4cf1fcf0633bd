// Beyond the sandbox: the network and the operator's secrets.

import { Failure, log, Outcome } from 'pipefitter-sdk';
import type { Job } from 'pipefitter-sdk';
import { request } from 'pipefitter-sdk/http';
import { secrets } from 'pipefitter-sdk/secrets';

export async function network(job: Job): Promise<Outcome> {
  try {
    const { status, text } = await request(job.configValue('url') ?? '');
    return Outcome.succeeded().variable('status', status).variable('body', text);
  } catch (error) {
    log.warn(Failure.of(error).message);
    return Outcome.succeeded().variable('error', 'yes');
  }
}

export function secret(): Outcome {
  const secret = secrets.get('conformance');
  return Outcome.succeeded()
    .variable('length', [...secret].length)
    .variable('denied', isRefused('other') ? 'yes' : 'no');
}

function isRefused(name: string): boolean {
  try {
    secrets.get(name);
    return false;
  } catch {
    return true;
  }
}
