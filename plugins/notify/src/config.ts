import { Failure, integer, oneOf, string } from 'pipefitter-sdk';
import type { Job } from 'pipefitter-sdk';
import { secrets } from 'pipefitter-sdk/secrets';
import { parseTemplate } from './template.ts';
import type { Template } from './template.ts';

export type Kind = 'slack' | 'teams' | 'generic';

export interface Config {
  readonly kind: Kind;
  readonly url: URL;
  /** Where the URL is from, for messages: its text may be a secret. */
  readonly source: string;
  readonly message: Template;
  readonly title: Template | undefined;
  readonly channel: string | undefined;
  readonly attempts: number;
}

const MESSAGE = 'Pipeline {{pipeline}} is at stage {{stage}}, action {{action}} (execution {{execution}}).';

export function readConfig(job: Job): Config {
  const { url, secret, ...config } = job.config({
    kind: oneOf('slack', 'teams', 'generic').default('generic'),
    message: string().default(MESSAGE).map(parseTemplate),
    title: string().map(parseTemplate).optional(),
    secret: string().optional(),
    url: string().optional(),
    channel: string().optional(),
    attempts: integer({ min: 1, max: 10 }).default(4),
  });
  if (url !== undefined && secret !== undefined) {
    throw Failure.configurationKey('url', 'give `url` or `secret`, not both');
  }
  if (config.channel !== undefined && config.kind !== 'slack') {
    throw Failure.configurationKey('channel', '`kind` is not slack, and only Slack has channels');
  }
  if (url !== undefined) return { ...config, url: target(url, 'configuration `url`'), source: '`url`' };
  const name = secret ?? 'webhook-url';
  return { ...config, url: target(secrets.get(name).trim(), `the secret \`${name}\``), source: `the secret \`${name}\`` };
}

/** What is wrong with a URL is told without it. */
function target(text: string, source: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw Failure.configurationError(`${source} is not a URL`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw Failure.configurationError(`${source} is not a URL of https or http`);
  }
  if (url.username !== '' || url.password !== '') {
    throw Failure.configurationError(
      `${source} has a user or password in it: the worker's operator attaches such headers, with \`attach\` of the grant`,
    );
  }
  return url;
}
