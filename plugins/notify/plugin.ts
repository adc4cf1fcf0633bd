// Posts a message about the pipeline to Slack, Teams or any webhook.

import { log, Outcome, plugin } from 'pipefitter-sdk';
import { readConfig } from './src/config.ts';
import { deliver } from './src/deliver.ts';
import { payload } from './src/payload.ts';

export const handler = plugin(async (job) => {
  const config = readConfig(job);
  const { status, attempts } = await deliver(config, payload(config, job));
  log.info(`told ${config.url.origin}`, { status, attempts });
  return Outcome.succeeded()
    .variable('status', status)
    .variable('attempts', attempts)
    .summary(`told ${config.url.host}: ${status}`);
});
