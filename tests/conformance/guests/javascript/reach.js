// Beyond the sandbox: the operator's secrets.

import { Outcome } from 'pipefitter-sdk';
import { secrets } from 'pipefitter-sdk/secrets';

export function secret() {
  const secret = secrets.get('conformance');
  return Outcome.succeeded()
    .variable('length', [...secret].length)
    .variable('denied', isRefused('other') ? 'yes' : 'no');
}

function isRefused(name) {
  try {
    secrets.get(name);
    return false;
  } catch {
    return true;
  }
}
