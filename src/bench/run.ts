import { messageOf } from '../errors.ts';
import type { DeviceLostError } from '../gpu/gpu.ts';
import { type Candidate, Contest, refusalOf, tellOf } from './contest.ts';
import type { BenchHost, BenchListener, BenchResult } from './host.ts';
import { putAway } from './put-away.ts';
import { entriesOf, race } from './race.ts';
import { resultsOf } from './results.ts';
import { type Dropped, Pulses } from './rounds.ts';
import { checkSettings, triedBy } from './settings.ts';
import { together } from './together.ts';
import type { Work } from './work.ts';

/** What a run of bench gave. */
export interface BenchRun {
  readonly results: readonly BenchResult[];
  /** Whether every work has its results. */
  readonly complete: boolean;
}

/**
 * Judges every contender on every work and times those that are right, in turn. A work in which a
 * device was lost has no times, and the next one runs on devices that are opened anew. Where the
 * signal aborts, or no device can be had, what is timed so far is the run. Throws
 * OptionError before any for a setting that none has.
 */
export async function runBench(host: BenchHost, listen: BenchListener): Promise<BenchRun> {
  const { works, contenders, now, signal } = host;
  checkSettings(host);
  listen({ type: 'start', total: works.length, contenders: contenders.map(({ name }) => name) });
  const pulses = new Pulses();
  const started = now();
  const results: BenchResult[] = [];
  let done = 0;
  let on = host;
  let problem: string | undefined;
  for (const work of works) {
    if (signal.aborted) break;
    const remainingMs = done === 0 ? undefined : ((now() - started) / done) * (works.length - done);
    listen({ type: 'work', id: work.id, done, total: works.length, remainingMs });
    const { given, loss } = await runWork(work, on, pulses);
    if (signal.aborted) break;
    results.push(...given);
    listen({ type: 'results', results: given });
    done++;
    if (!loss || done === works.length) continue;
    try {
      on = { ...host, ...(await host.reopen?.()) };
    } catch (error) {
      problem = `${loss.message}; no other device can be had (${messageOf(error)})`;
      break;
    }
  }
  listen({ type: 'end', ...(problem === undefined ? {} : { problem }) });
  return { results: together(works, results), complete: done === works.length };
}

/** The results of a work, and the loss of a device that it met. */
interface WorkRun {
  readonly given: readonly BenchResult[];
  readonly loss: DeviceLostError | undefined;
}

async function runWork(work: Work, host: BenchHost, pulses: Pulses): Promise<WorkRun> {
  const contest = new Contest(work, host);
  const candidates: Candidate[] = [];
  try {
    for (const contender of host.contenders) {
      if (host.signal.aborted) break;
      if (triedBy(contender, work)) candidates.push(await contest.candidate(contender));
    }
    let dropped: Dropped = { hidden: 0, throttled: 0 };
    try {
      dropped = await race(contest, candidates, host, pulses);
    } catch (error) {
      // Without the pace of the machine no time of it counts.
      for (const candidate of candidates) candidate.refusal ??= refusalOf(error);
    }
    for (const candidate of candidates)
      for (const entry of candidate.entries) tellOf(candidate, entry);
    const loss = await host.lost?.();
    if (loss) for (const candidate of candidates) noteLoss(candidate, loss);
    return { given: resultsOf(work, candidates, { dropped, quantumMs: host.quantumMs }), loss };
  } finally {
    await putAway(candidates.flatMap(entriesOf));
  }
}

/**
 * What was timed, or broke, while a device was lost tells nothing: on a lost device all seems done at
 * once.
 */
function noteLoss(candidate: Candidate, loss: DeviceLostError): void {
  const { refusal } = candidate;
  if (!refusal || refusal.status === 'error') candidate.refusal = refusalOf(loss);
}
