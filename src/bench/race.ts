import { type Candidate, type Contest, refusalOf } from './contest.ts';
import type { Entry } from './entry.ts';
import type { BenchHost } from './host.ts';
import { type Dropped, type Pulses, timeInRounds } from './rounds.ts';

/** All that is timed of a candidate. */
export const entriesOf = ({ entries, variants }: Candidate): readonly Entry[] => [
  ...entries,
  ...variants,
];

/**
 * Times all entries in turn, and then those settings that took less when they were tried than the
 * best of their contender took in the race, each once and in turn with that best. Throws where the
 * pace of the machine cannot be had.
 */
export async function race(
  contest: Contest,
  candidates: readonly Candidate[],
  host: BenchHost,
  pulses: Pulses,
): Promise<Dropped> {
  const onBatch = (entry: Entry) => {
    const owner = candidates.find((one) => entriesOf(one).includes(entry)) as Candidate;
    try {
      if (entry.failure !== undefined) throw entry.failure;
      contest.checkGpu();
    } catch (error) {
      owner.refusal = refusalOf(error);
    }
    return owner.refusal === undefined;
  };
  const dropped = { hidden: 0, throttled: 0 };
  let racing = candidates.flatMap(entriesOf);
  while (racing.length > 0) {
    const more = await timeInRounds(racing, host, pulses, onBatch);
    dropped.hidden += more.hidden;
    dropped.throttled += more.throttled;
    racing = [];
    for (const candidate of candidates) racing.push(...(await contest.readmit(candidate)));
  }
  return dropped;
}
