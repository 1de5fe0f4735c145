import type { Gpu } from '../gpu/gpu.ts';
import { seam } from '../seam.ts';

/** How long jobs take that are submitted without waiting, beside each by itself. */
export interface Overlap {
  /** From the first call until the device is done with all. Milliseconds. */
  readonly totalMs: number;
  /** Of each job by itself, from its call until the device is done with it. */
  readonly latenciesMs: readonly number[];
  readonly sumMs: number;
  /** Submits of the jobs together, and waits of the host between the first and the last. */
  readonly submits: number;
  readonly waits: number;
}

/** Waits until the device has done all that was submitted. */
const done = seam('overlap.done', (gpu: Gpu): Promise<unknown> => gpu.finish());
const finished = seam('overlap.finished', (gpu: Gpu): Promise<unknown> => done(gpu));
/** What is awaited between two submits: nothing. */
const between = seam('overlap.between', (_gpu: Gpu): Promise<unknown> | undefined => undefined);

/** The order in which jobs are submitted: theirs. */
const inOrder = seam('overlap.order', (jobs: readonly (() => void)[]) => jobs);

/** Times jobs that record work: each by itself, and all of them submitted one behind the other. */
export async function overlapOf(gpu: Gpu, jobs: readonly (() => void)[]): Promise<Overlap> {
  await gpu.finish();
  const latenciesMs: number[] = [];
  for (const job of jobs) {
    const started = performance.now();
    job();
    await finished(gpu);
    latenciesMs.push(performance.now() - started);
  }
  const { submits } = gpu.recorder;
  const started = performance.now();
  const waits = await submitAll(gpu, jobs);
  const submitted = gpu.recorder.submits - submits;
  await finished(gpu);
  return {
    totalMs: performance.now() - started,
    latenciesMs,
    sumMs: latenciesMs.reduce((sum, ms) => sum + ms, 0),
    submits: submitted,
    waits,
  };
}

/** Submits each job behind the one before, and returns how often the host waited between. */
export async function submitAll(gpu: Gpu, jobs: readonly (() => void)[]): Promise<number> {
  let first = gpu.waits;
  let last = first;
  for (const [i, job] of inOrder(jobs).entries()) {
    job();
    gpu.submit();
    if (i === 0) first = gpu.waits;
    last = gpu.waits;
    const pending = between(gpu);
    if (pending) await pending;
  }
  return last - first;
}
