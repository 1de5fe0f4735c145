import { invariant } from '../../errors.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import type { Report } from '../../report/schema.ts';
import { DEFAULT_BENCH_OPTIONS, type Measuring } from '../options.ts';
import type { BenchRequest } from '../request.ts';

/**
 * The table that `bench` measures before it would time a work, as a report tells it: of `measuring`,
 * in three seconds, what `before` has as unmeasured where it is given. Throws what `bench` throws.
 */
export async function measuredTable(
  measuring: Measuring,
  bench: (request: BenchRequest) => Promise<Pick<Report, 'environments'>>,
  before?: readonly TuningRow[],
): Promise<Readonly<Record<string, string>>> {
  const options = {
    ...DEFAULT_BENCH_OPTIONS,
    ...{ filters: ['!*'], tuning: measuring },
    ...(before ? { measuredBefore: before } : {}),
  };
  const { environments } = await bench({ options, peers: [] });
  const [environment] = environments;
  invariant(environment, () => 'a bench has the environment that it measured');
  return environment.tuning;
}
