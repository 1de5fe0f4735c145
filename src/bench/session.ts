import { Commands } from '../gpu/ceilings/commands.ts';
import { multiplyAddsOf } from '../gpu/ceilings/multiply-adds.ts';
import { Gpu } from '../gpu/gpu.ts';
import { probe } from '../gpu/probe.ts';
import type { TuningRow } from '../gpu/tuning.ts';
import { environmentOf, type RuntimeDescription } from '../harness/worker/environment.ts';
import { buildReport } from '../report/build.ts';
import { planHash, planText } from '../report/plan.ts';
import type { Report } from '../report/schema.ts';
import { clockStepNs } from '../testing/stopwatch.ts';
import { Ceilings } from './ceilings/ceilings.ts';
import { prepareMultiplyAdds } from './ceilings/kernels.ts';
import type { Contender } from './contender.ts';
import { SEED } from './drawn.ts';
import type { BenchHost, BenchListener, BenchResult } from './host.ts';
import type { BenchOptions } from './options.ts';
import { Engine } from './ours/engine.ts';
import { runBench } from './run.ts';
import { selectWorks } from './select.ts';
import { selfTest } from './self-test.ts';
import { median } from './statistics/median.ts';
import { type Clock, timeOfOne } from './stopwatch.ts';
import { CLASSES, TRAINING_CLASSES } from './tuner/classes.ts';
import { tune } from './tuner/tune.ts';
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

const PULSE_FLOPS = 2 ** 27;
const PULSE_ROUNDS = 16;
const POLLS = 15;

/**
 * Opens a device, and the peers, runs bench and makes the report. Throws NoAdapterError and what
 * peers throw that cannot be opened.
 */
export async function runSession(
  { gpu: provider, runtime, works, peers, errors, isHidden, signal }: SessionHost,
  options: BenchOptions,
  listen: BenchListener,
): Promise<Report> {
  const startedAt = new Date();
  const now: Clock = () => performance.now();
  using gpu = await Gpu.request(provider);
  const found = await probe(gpu);
  gpu.tuned = await tunedBy(options.tuning, gpu, now);
  const environment = environmentOf(runtime, gpu, found);
  await using pulse = await prepareMultiplyAdds(gpu, multiplyAddsOf(PULSE_FLOPS, PULSE_ROUNDS));
  const opened = (await peers?.()) ?? [];
  try {
    const engine = new Engine(gpu);
    const contenders = [engine, await Ceilings.on(gpu, now), ...opened];
    const host: BenchHost = {
      works: selectWorks(works, options),
      contenders,
      options,
      now,
      quantumMs: await quantumOf(gpu, now),
      signal,
      takeGpuError: () => errors.take(),
      pulse: () => pulse.run(1),
      isProcessor: environment.adapter.isFallback,
      ...(isHidden ? { isHidden } : {}),
    };
    const { results, complete } = options.selfTest
      ? { results: await selfTest(gpu, engine, host), complete: !signal.aborted }
      : await runBench(host, listen);
    const identity = {
      kind: 'bench',
      startedAt,
      options: {
        tier: options.quick ? 'quick' : 'slow',
        filters: options.filters,
        shard: { index: 1, count: 1 },
        seed: SEED,
      },
      planHash: await planHash(planText(works.map(({ id }) => ({ id, backend: 'webgpu' })))),
    } as const;
    return buildReport(identity, [environment], results.map(inEnvironment), complete);
  } finally {
    for (const peer of opened) await peer[Symbol.asyncDispose]();
  }
}

/** The rows that come before those that are checked in. */
async function tunedBy(
  tuning: BenchOptions['tuning'],
  gpu: Gpu,
  now: Clock,
): Promise<readonly TuningRow[]> {
  if (tuning === 'checked-in') return [];
  if (tuning === 'measured') return await tune(gpu, CLASSES, now);
  return tuning === 'measured-for-training' ? await tune(gpu, TRAINING_CLASSES, now) : tuning;
}

const inEnvironment = (result: BenchResult) => ({ ...result, env: 0, attempts: 1 });

/** The step of the clock, or how long it takes to hear that next to nothing is done. */
async function quantumOf(gpu: Gpu, now: Clock): Promise<number> {
  using commands = new Commands(gpu);
  const times: number[] = [];
  for (let i = 0; i < POLLS; i++)
    times.push(await timeOfOne((count) => commands.run('submit', count), 1, now));
  return Math.max(clockStepNs(now) / 1e6, median(times));
}
