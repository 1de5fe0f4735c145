import { NoAdapterError } from '../gpu/device.ts';
import { DeviceLostError, Gpu } from '../gpu/gpu.ts';
import { probe } from '../gpu/probe.ts';
import type { TuningRow } from '../gpu/tuning.ts';
import { retry } from '../harness/retry.ts';
import { RESTART_PAUSES_MS } from '../harness/runner/persistently.ts';
import { environmentOf, type RuntimeDescription } from '../harness/worker/environment.ts';
import { identityOf } from '../report/build.ts';
import type { Environment, Report } from '../report/schema.ts';
import type { Contender } from './contender.ts';
import type { BenchHost, BenchListener } from './host.ts';
import { benchReport } from './journal.ts';
import { withVersions } from './library-versions.ts';
import type { BenchOptions } from './options.ts';
import { putAway } from './put-away.ts';
import { runBench } from './run.ts';
import { selectWorks } from './select.ts';
import { selfTest } from './self-test.ts';
import { Stand, type StandParts } from './stand.ts';
import type { Clock } from './stopwatch.ts';
import { CLASSES, TRAINING_CLASSES } from './tuner/classes.ts';
import { tuneOn } from './tuner/tune.ts';
import type { UncapturedErrors } from './uncaptured-errors.ts';
import type { Work } from './work.ts';

/** Where a session runs. */
export interface SessionHost {
  readonly gpu: GPU | undefined;
  readonly runtime: RuntimeDescription;
  readonly works: readonly Work[];
  /** Makes the peers; their devices are watched by then. Default none. */
  readonly peers?: () => Promise<readonly Contender[]>;
  readonly errors: UncapturedErrors;
  readonly isHidden?: () => boolean;
  readonly signal: AbortSignal;
}

/**
 * Opens a device, and the peers, runs bench and makes the report; after the loss of a device all is
 * opened once more. Throws NoAdapterError.
 */
export async function runSession(
  { gpu: provider, runtime, works, peers = async () => [], errors, isHidden, signal }: SessionHost,
  options: BenchOptions,
  listen: BenchListener,
): Promise<Report> {
  const startedAt = new Date();
  const now: Clock = () => performance.now();
  const gpu = await Gpu.request(provider);
  const opened: (AsyncDisposable | Disposable)[] = [gpu];
  try {
    const found = await probe(gpu);
    gpu.tuned = await tunedBy(options, gpu, now);
    const place = environmentOf(runtime, gpu, found);
    const parts: StandParts = { peers, errors, now };
    const stand = await Stand.on(gpu, parts);
    opened.push(stand);
    const environment = withVersions(place, stand.onDevices.contenders);
    listen({ type: 'opened', environment });
    const host: BenchHost = {
      works: selectWorks(works, options),
      ...{ options, now, signal },
      ...stand.onDevices,
      takeGpuError: () => errors.take(),
      reopen: async () => {
        await putAway(opened.splice(0).reverse());
        const other = await sameAgain(gpu, runtime, place);
        opened.push(other);
        errors.forget(); // what the devices before told
        const again = await Stand.on(other, parts);
        opened.push(again);
        return again.onDevices;
      },
      isProcessor: place.adapter.isFallback,
      ...(isHidden ? { isHidden } : {}),
    };
    const { results, complete } = options.selfTest
      ? { results: await selfTest(gpu, stand.engine, host, listen), complete: !signal.aborted }
      : await runBench(host, listen);
    return await benchReport({ startedAt, options, works }, environment, results, complete);
  } catch (cause) {
    if (!gpu.lost) throw cause;
    throw new NoAdapterError('no-device', new DeviceLostError(gpu.lost).message, { cause });
  } finally {
    await putAway(opened.reverse());
  }
}

/**
 * Another device of the same adapter, which may take a moment after a crash. Throws NoAdapterError
 * where there is none: times of two adapters are no one bench.
 */
async function sameAgain(gpu: Gpu, runtime: RuntimeDescription, before: Environment): Promise<Gpu> {
  const other = await retry(
    () => gpu.fresh(),
    RESTART_PAUSES_MS,
    (error) => !(error instanceof NoAdapterError),
  );
  const after = environmentOf(runtime, other, await probe(other));
  if (identityOf(after) === identityOf(before)) return other;
  other[Symbol.dispose]();
  const { description } = after.adapter;
  throw new NoAdapterError('no-adapter', `what came after it is another adapter: ${description}`);
}

/** The rows that come before those that are checked in. */
async function tunedBy(
  { tuning, measuredBefore }: BenchOptions,
  gpu: Gpu,
  now: Clock,
): Promise<readonly TuningRow[]> {
  if (tuning === 'checked-in') return [];
  if (tuning === 'measured') return await tuneOn(gpu, CLASSES, now, measuredBefore);
  return tuning === 'measured-for-training'
    ? await tuneOn(gpu, TRAINING_CLASSES, now, measuredBefore)
    : tuning;
}
