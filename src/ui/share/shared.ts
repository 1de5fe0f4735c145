import { messageOf } from '../../errors.ts';
import type { DecodedLink } from '../../report/link/decode.ts';
import type { Summary } from '../../report/schema.ts';
import { type AnswerFacts, partName } from '../check/answer.ts';

/** What is made of the address's fragment: someone's result, or why it cannot be shown. */
export type Shared = { readonly link: DecodedLink } | { readonly problem: string };

/** What a link tells, for the answer in plain words. */
export function factsOfLink(link: DecodedLink): AnswerFacts {
  const { kind, counts, replayed, settings, environments, cases, time } = link;
  const sum = (status: 'pass' | 'fail' | 'skip' | 'error' | 'timeout' | 'lost') =>
    counts[status] + replayed[status];
  const summary: Omit<Summary, 'total'> = {
    passed: sum('pass'),
    failed: sum('fail'),
    skipped: sum('skip'),
    errored: sum('error'),
    timedOut: sum('timeout'),
    lost: sum('lost'),
  };
  const wrong = cases.filter(
    ({ status }) => status !== 'pass' && status !== 'skip' && status !== 'not-run',
  );
  const planned = cases.some(({ status }) => status !== 'not-run');
  return {
    summary: { ...summary, total: Object.values(summary).reduce((a, b) => a + b) },
    complete: settings.complete,
    isFallback: environments.some(({ adapter }) => adapter.isFallback),
    whole: settings.filters.length === 0 && settings.shard === '1/1',
    // A link does not tell recordings from weights of checkpoints.
    subject: kind === 'train' ? 'trainings' : planned ? 'plan' : 'checks',
    durationMs: time.durationMs,
    wrongIn: [
      ...new Set(
        wrong.flatMap(({ id }) => (id === undefined ? [] : partName(id.split(':')[0] ?? id))),
      ),
    ],
    deviations: 0,
    linked: true,
  };
}

/**
 * Reads a fragment that names a result. Never throws: a link that is damaged or old says what is
 * wrong.
 */
export async function readShared(fragment: string): Promise<Shared> {
  const { decodeLink } = await import('../../report/link/decode.ts');
  try {
    return { link: await decodeLink(fragment, loadPlan) };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

/** The plan of that hash: one of those that ship with the page. */
async function loadPlan(hash: string): Promise<string | undefined> {
  const response = await fetch(new URL(`plans/${hash}.txt`, document.baseURI));
  const isText = response.headers.get('content-type')?.startsWith('text/plain') ?? false;
  return response.ok && isText ? response.text() : undefined;
}
