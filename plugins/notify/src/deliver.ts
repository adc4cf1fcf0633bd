import { control, Failure, log } from 'pipefitter-sdk';
import { request, sleep } from 'pipefitter-sdk/http';
import type { Response } from 'pipefitter-sdk/http';
import type { Config } from './config.ts';

/** Milliseconds for one attempt. */
const TIMEOUT = 20_000;
/** Milliseconds before the second attempt; doubled before each that follows. */
const PAUSE = 1_000;
/** Milliseconds that are waited at most, whatever a server asks for: a job should end within minutes. */
const LONGEST = 60_000;
/** Characters of an answer that a message shows. */
const SHOWN = 200;

export interface Delivered {
  readonly status: number;
  readonly attempts: number;
}

/**
 * Posts until there is an answer that settles it.
 *
 * @throws Failure `system-unavailable` when attempts or time are used up, `configuration-error` for an answer that will not
 * be another one
 */
export async function deliver(config: Config, body: unknown): Promise<Delivered> {
  for (let attempt = 1; ; attempt++) {
    const { response, problem } = await post(config.url, body);
    if (response !== undefined && !isTemporary(response.status)) {
      return { status: settled(response, config), attempts: attempt };
    }
    const again = attempt < config.attempts ? '' : `; that was attempt ${attempt} of ${config.attempts}`;
    if (again !== '') throw Failure.systemUnavailable(`${problem}${again}`);
    const pause = pauseAfter(attempt, response?.header('retry-after'), Date.now());
    if (pause === undefined || pause + TIMEOUT > control.timeRemaining()) {
      throw Failure.systemUnavailable(`${problem}; trying again would take longer than this job has`);
    }
    if (control.stopRequested() !== undefined) {
      throw Failure.systemUnavailable(`${problem}; the job was asked to stop`);
    }
    log.warn(problem, { attempt, 'pause-seconds': pause / 1000 });
    await sleep(pause);
  }
}

async function post(url: URL, body: unknown): Promise<{ response?: Response; problem: string }> {
  try {
    const response = await request(url.href, { method: 'POST', json: body, timeout: TIMEOUT });
    return { response, problem: `${url.origin} answered ${response.status}` };
  } catch (error) {
    return { problem: Failure.of(error).message };
  }
}

function isTemporary(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/**
 * Milliseconds to wait after an attempt: what the server says, in seconds or as a date, else longer each time.
 * `undefined` is longer than anybody should wait.
 */
export function pauseAfter(attempt: number, retryAfter: string | undefined, now: number): number | undefined {
  const told = retryAfter?.trim() ?? '';
  // Date.parse takes much for a date: HTTP's begin with the day of the week.
  const date = /^[A-Z][a-z]+, /.test(told) ? Date.parse(told) : NaN;
  const asked = /^\d+$/.test(told) ? Number(told) * 1000 : Math.max(0, date - now);
  const pause = Number.isNaN(asked) ? PAUSE * 2 ** (attempt - 1) : asked;
  return pause <= LONGEST ? pause : undefined;
}

/** The status of a success. */
function settled(response: Response, { url, source, kind }: Config): number {
  if (response.status >= 300 && response.status < 400) {
    throw Failure.configurationError(
      `${url.origin} answered ${response.status}, a redirect, which is not followed: put the URL that it leads to into ${source}`,
    );
  }
  if (!response.ok) {
    throw Failure.configurationError(
      `${url.origin} answered ${response.status}${quoted(response.text, url)}: look at ${source} and what the webhook takes`,
    );
  }
  // Slack's methods say so with a success.
  const problem = kind === 'slack' ? slackError(response.text) : undefined;
  if (problem !== undefined) {
    throw Failure.configurationError(`Slack answered ${JSON.stringify(problem)}: look at ${source} and \`channel\``);
  }
  return response.status;
}

function slackError(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== 'object' || answer === null || !('ok' in answer) || answer.ok !== false) return undefined;
    return 'error' in answer && typeof answer.error === 'string' ? answer.error : 'not ok';
  } catch {
    // Webhooks answer with a plain `ok`.
    return undefined;
  }
}

/** The beginning of an answer, without what is secret of the URL, should a server repeat it. */
export function quoted(text: string, url: URL): string {
  const secret = [url.href, `${url.pathname}${url.search}`, url.pathname, url.search.slice(1)];
  const clean = secret
    .filter((part) => part.length > 1)
    .reduce((clean, part) => clean.replaceAll(part, '[...]'), text)
    .replace(/\s+/g, ' ')
    .trim();
  if (clean === '') return '';
  const characters = [...clean];
  return `: ${characters.slice(0, SHOWN).join('')}${characters.length > SHOWN ? '...' : ''}`;
}
