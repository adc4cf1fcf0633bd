import type { Job } from 'pipefitter-sdk';

/** Names that a template may have, and what they stand for. */
const VALUES = {
  pipeline: (job: Job) => job.pipeline.pipeline,
  stage: (job: Job) => job.pipeline.stage,
  action: (job: Job) => job.pipeline.action,
  execution: (job: Job) => job.pipeline.pipelineExecutionId,
  account: (job: Job) => job.accountId,
  region: (job: Job) => job.attribute('region') ?? job.pipeline.pipelineArn?.split(':')[3],
};

type Name = keyof typeof VALUES;

/** Text as it is, and names to fill in. */
export type Template = readonly (string | { readonly name: Name })[];

/** What stands for a value that the service does not tell, as the execution of a partner's job. */
const UNKNOWN = 'unknown';

/**
 * Reads `{{name}}` in a text; spaces inside of the braces do not count.
 *
 * @throws Error which names there are
 */
export function parseTemplate(text: string): Template {
  // Odd parts are what the braces hold.
  return text.split(/\{\{([^{}]*)\}\}/).map((part, index) => {
    if (index % 2 === 0) return part;
    const name = part.trim();
    if (!Object.hasOwn(VALUES, name)) {
      const there = Object.keys(VALUES).map((known) => `\`{{${known}}}\``);
      throw new Error(`\`{{${name}}}\` stands for nothing: there are ${there.join(', ')}`);
    }
    return { name: name as Name };
  });
}

/** Fills a template in. The values are escaped; what the pipeline's owner wrote around them may be markup. */
export function fill(template: Template, job: Job, escape: (value: string) => string): string {
  return template.map((part) => (typeof part === 'string' ? part : escape(VALUES[part.name](job) ?? UNKNOWN))).join('');
}

/** All values by name; those that are not told are left out. */
export function context(job: Job): Record<string, string> {
  const told = Object.entries(VALUES).map(([name, value]) => [name, value(job)] as const);
  return Object.fromEntries(told.filter((pair): pair is readonly [string, string] => pair[1] !== undefined));
}
