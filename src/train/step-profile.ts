import { type ProfiledStep, writeChromeTrace } from '../formats/chrome-trace.ts';
import { DispatchTimer, TimestampError } from '../gpu/dispatch-timer.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { quantumOf } from '../gpu/timestamp-quantum.ts';
import type { OutputFile } from './adapter-files.ts';

/** What a profile is called among the files that a run leaves. */
export const PROFILE_FILE = 'profile.json';

/** Dispatches after which no further step is begun: some 10 MB of JSON. */
const MOST_DISPATCHES = 50_000;

/** The dispatches of the first steps of a training, by the clock of the device. */
export class StepProfile implements Disposable {
  readonly #gpu: Gpu;
  readonly #timer: DispatchTimer;
  readonly #most: number;
  readonly #steps: ProfiledStep[] = [];
  #dispatches = 0;
  #step: number | undefined;

  /** Throws TimestampError where the device has no timestamps. */
  constructor(gpu: Gpu, mostDispatches = MOST_DISPATCHES) {
    this.#gpu = gpu;
    this.#most = mostDispatches;
    this.#timer = new DispatchTimer(gpu.device);
  }

  /** What is dispatched from here on is of this step, unless there are enough dispatches. */
  begin(step: number): void {
    if (this.#dispatches >= this.#most) return;
    this.#gpu.recorder.time(this.#timer);
    this.#step = step;
  }

  /** Ends the step, and waits for it. Throws TimestampError where a stamp lies before an earlier. */
  async end(): Promise<void> {
    if (this.#step === undefined) return;
    const step = this.#step;
    this.#step = undefined;
    this.#gpu.recorder.time(undefined);
    const dispatches = await this.#timer.read();
    const stamps = stampsOf(dispatches);
    if (stamps.some((stamp, i) => stamp < (stamps[i - 1] ?? 0n)))
      throw new TimestampError('bad-timestamps', 'the timestamps of this adapter run backwards');
    this.#dispatches += dispatches.length;
    this.#steps.push({ step, dispatches });
  }

  /** All that was timed, as a Chrome trace. */
  file(): OutputFile {
    const { description, device, vendor } = this.#gpu.adapter;
    const where = {
      adapter: description || device || vendor || 'GPU',
      quantumNs:
        quantumOf(this.#steps.flatMap(({ dispatches }) => stampsOf(dispatches))) ?? undefined,
    };
    const text = writeChromeTrace(where, this.#steps);
    return { name: PROFILE_FILE, data: new TextEncoder().encode(text) };
  }

  [Symbol.dispose](): void {
    this.#gpu.recorder.time(undefined);
    this.#timer[Symbol.dispose]();
  }
}

const stampsOf = (dispatches: ProfiledStep['dispatches']) =>
  dispatches.flatMap(({ begin, end }) => [begin, end]);
