import type { Job } from 'pipefitter-sdk';
import type { Config, Kind } from './config.ts';
import { context, fill } from './template.ts';

/**
 * A value must come out as it is: a pipeline called `a_b_c` is not to be in italics, nor one called `<!channel>` to call
 * everybody. JSON's own escapes are JSON.stringify's.
 */
const ESCAPES: Record<Kind, (value: string) => string> = {
  slack: (value) => value.replace(/[&<>]/g, (mark) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[mark] ?? mark),
  teams: (value) => value.replace(/[\\`*_{}[\]()#+\-!~|<>]/g, '\\$&'),
  generic: (value) => value,
};

/** What is posted, to be written as JSON. */
export function payload(config: Config, job: Job): unknown {
  const escape = ESCAPES[config.kind];
  const text = fill(config.message, job, escape);
  const title = config.title && fill(config.title, job, escape);
  switch (config.kind) {
    case 'slack':
      return { text: title === undefined ? text : `*${title}*\n${text}`, channel: config.channel };
    case 'teams':
      return {
        type: 'message',
        attachments: [
          {
            contentType: 'application/vnd.microsoft.card.adaptive',
            content: {
              $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
              type: 'AdaptiveCard',
              version: '1.4',
              body: [
                ...(title === undefined ? [] : [{ type: 'TextBlock', text: title, weight: 'Bolder', size: 'Medium', wrap: true }]),
                { type: 'TextBlock', text, wrap: true },
              ],
            },
          },
        ],
      };
    case 'generic':
      return { title, text, ...context(job) };
  }
}
