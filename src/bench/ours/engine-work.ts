import type { Gpu } from '../../gpu/gpu.ts';
import type { Results } from '../../graph/call.ts';
import type { HostTensor } from '../../tensor/host.ts';
import type { PreparedWork } from '../contender.ts';
import { HostTime } from './host-time.ts';

/** How the engine runs a work: captured once and replayed, or each time recorded anew. */
export const SETTINGS = ['captured', 'eager'] as const;
export type EngineSetting = (typeof SETTINGS)[number];
export const EAGER = 'eager' satisfies EngineSetting;

/** A work of the engine in one setting. */
export interface Runnable extends Disposable {
  /** Records it once; nothing is awaited but the host. */
  once(): void | Promise<void>;
  results(): Promise<Results<HostTensor>>;
  metrics?(): Readonly<Record<string, number>>;
}

/** A {@link Runnable} as bench runs it: so many at a time, with the host's time beside. */
export class EngineWork implements PreparedWork {
  readonly #gpu: Gpu;
  readonly #setting: EngineSetting;
  readonly #runnable: Runnable;
  readonly #hostTime = new HostTime();
  #kernels: readonly string[] = [];

  constructor(gpu: Gpu, setting: EngineSetting, runnable: Runnable) {
    this.#gpu = gpu;
    this.#setting = setting;
    this.#runnable = runnable;
  }

  async run(times: number): Promise<void> {
    const { recorder } = this.#gpu;
    const before = recorder.dispatches;
    const started = performance.now();
    await this.#runnable.once();
    // Before the others, which the device computes beside.
    this.#hostTime.add(performance.now() - started, recorder.dispatches - before);
    for (let i = 1; i < times; i++) await this.#runnable.once();
    await this.#gpu.finish();
  }

  async results(): Promise<Results<HostTensor>> {
    const { dispatched } = this.#gpu.recorder;
    dispatched.clear();
    const results = await this.#runnable.results();
    this.#kernels = [...dispatched].sort();
    return results;
  }

  kernels(): readonly string[] {
    return this.#kernels;
  }

  metrics(): Readonly<Record<string, number>> {
    return { ...this.#hostTime.metrics(this.#setting), ...this.#runnable.metrics?.() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#runnable[Symbol.dispose]();
    await this.#gpu.finish();
    this.#gpu.memory.trim();
  }
}
