import { type Candidate, Contest, refusalOf, tellOf } from './contest.ts';
import { withExponents } from './growth.ts';
import { withHeldCeilings } from './held-ceilings.ts';
import type { BenchHost, BenchListener, BenchResult } from './host.ts';
import { resultsOf } from './results.ts';
import { Pulses, timeInRounds } from './rounds.ts';
import { checkSettings, triedBy } from './settings.ts';
import type { Work } from './work.ts';

/** What a run of bench gave. */
export interface BenchRun {
  readonly results: readonly BenchResult[];
  /** Whether every work has its results. */
  readonly complete: boolean;
}

/**
 * Judges every contender on every work and times those that are right, in turn. Where the signal
 * aborts, what is timed so far is the run. Throws OptionError before any for a setting that none has.
 */
export async function runBench(host: BenchHost, listen: BenchListener): Promise<BenchRun> {
  const { works, contenders, now, signal } = host;
  checkSettings(host);
  listen({ type: 'start', total: works.length, contenders: contenders.map(({ name }) => name) });
  const pulses = new Pulses();
  const started = now();
  const results: BenchResult[] = [];
  let done = 0;
  for (const work of works) {
    if (signal.aborted) break;
    const remainingMs = done === 0 ? undefined : ((now() - started) / done) * (works.length - done);
    listen({ type: 'work', id: work.id, done, total: works.length, remainingMs });
    const given = await runWork(work, host, pulses);
    if (signal.aborted) break;
    results.push(...given);
    listen({ type: 'results', results: given });
    done++;
  }
  listen({ type: 'end' });
  const held = withHeldCeilings(works, results);
  return { results: withExponents(works, held), complete: done === works.length };
}

async function runWork(
  work: Work,
  host: BenchHost,
  pulses: Pulses,
): Promise<readonly BenchResult[]> {
  const contest = new Contest(work, host);
  const candidates: Candidate[] = [];
  try {
    for (const contender of host.contenders) {
      if (host.signal.aborted) break;
      if (triedBy(contender, work)) candidates.push(await contest.candidate(contender));
    }
    const entries = candidates.flatMap((candidate) => candidate.entries);
    const owners = new Map(candidates.flatMap((one) => one.entries.map((entry) => [entry, one])));
    const dropped = await timeInRounds(entries, host, pulses, (entry) => {
      const owner = owners.get(entry) as Candidate;
      try {
        contest.checkGpu();
      } catch (error) {
        owner.refusal = refusalOf(error);
      }
      return owner.refusal === undefined;
    });
    for (const [entry, owner] of owners) tellOf(owner, entry);
    return resultsOf(work, candidates, { dropped, quantumMs: host.quantumMs });
  } finally {
    for (const { entries } of candidates)
      for (const entry of entries) await entry[Symbol.asyncDispose]();
  }
}
