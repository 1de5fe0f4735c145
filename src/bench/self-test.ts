import type { Gpu } from '../gpu/gpu.ts';
import { AssertionError } from '../testing/context.ts';
import { prepareMultiplyAdds } from './ceilings/kernels.ts';
import type { Contender } from './contender.ts';
import { refusalOf } from './contest.ts';
import { Entry } from './entry.ts';
import type { BenchHost, BenchListener, BenchResult } from './host.ts';
import { putAway } from './put-away.ts';
import { Pulses, timeInRounds } from './rounds.ts';
import { quantile } from './statistics/order-statistics.ts';
import { isSlower, paceOfFastest, SLOWER_BY, SURE_SAMPLES } from './statistics/slower.ts';

/** Rounds of the plain kernel, and of the one that does 1.3 times as much. */
const ROUNDS = { plain: 10, planted: 13 } as const;
const INVOCATIONS = 2 ** 12;

/**
 * A live trial of the rule by which one contender is called slower: a kernel, the same again, and
 * the same with 1.3 times the work, timed in turn. The last must be found slower than both, and
 * neither of the equal ones slower than the other. `listen` hears the results.
 */
export async function selfTest(
  gpu: Gpu,
  engine: Contender,
  host: BenchHost,
  listen: BenchListener,
): Promise<readonly BenchResult[]> {
  const entries: Entry[] = [];
  try {
    for (const rounds of [ROUNDS.plain, ROUNDS.plain, ROUNDS.planted]) {
      const prepared = await prepareMultiplyAdds(gpu, { invocations: INVOCATIONS, rounds });
      const compared = (await prepared.check?.()) ?? 0;
      const verdict = { compared, accuracy: undefined };
      const right = {
        contender: engine,
        setting: `${rounds} rounds`,
        prepared,
        verdict,
        coarser: undefined,
        coldMs: 0,
      };
      entries.push(await Entry.tried(right, host.options, host.now));
    }
    const options = { ...host.options, samples: host.options.samples ?? SURE_SAMPLES };
    await timeInRounds(entries, { ...host, options }, new Pulses(), ({ failure }) => {
      if (failure !== undefined) throw failure;
      return true;
    });
    const [plain, again, planted] = entries.map(({ samples }) => samples) as [
      number[],
      number[],
      number[],
    ];
    const results = [
      trial('planted', planted, plain, true),
      trial('planted-again', planted, again, true),
      trial('equal', plain, again, false),
      trial('equal-again', again, plain, false),
    ];
    listen({ type: 'results', results });
    return results;
  } finally {
    await putAway(entries);
  }
}

function trial(
  name: string,
  times: readonly number[],
  others: readonly number[],
  expected: boolean,
): BenchResult {
  const { ratio, chance } = paceOfFastest(times, others);
  const shared = {
    id: `bench.self-test:${name}`,
    suite: 'bench.self-test',
    backend: 'webgpu',
    covers: [],
    tier: 'quick' as const,
    durationMs: times.reduce((sum, ms) => sum + ms, 0),
    kernels: ['bench/multiply_adds'],
    metrics: { paceRatio: ratio, chance },
    series: { ms: [...times], othersMs: [...others] },
  };
  if (isSlower(times, others, SLOWER_BY) === expected)
    return { ...shared, status: 'pass', assertions: 1 };
  const spread = quantile(others, 0.75) / quantile(others, 0.25) - 1;
  const message = `found ${expected ? 'not ' : ''}slower: ${ratio.toFixed(3)} times as long, by chance in ${chance.toPrecision(2)} of all orders; the middle half of what it is compared with spans ${(100 * spread).toFixed(0)} %: run it on an idle machine where that is more than a few`;
  const error = new AssertionError('expectation', message);
  return { ...shared, assertions: 0, ...refusalOf(error) };
}
