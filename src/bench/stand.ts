import { Commands } from '../gpu/ceilings/commands.ts';
import { multiplyAddsOf } from '../gpu/ceilings/multiply-adds.ts';
import { DeviceLostError, type Gpu } from '../gpu/gpu.ts';
import { median } from '../report/median.ts';
import { clockStepNs } from '../testing/stopwatch.ts';
import { Ceilings } from './ceilings/ceilings.ts';
import { prepareMultiplyAdds } from './ceilings/kernels.ts';
import type { Contender } from './contender.ts';
import type { OnDevices } from './host.ts';
import { Engine } from './ours/engine.ts';
import { putAway } from './put-away.ts';
import { type Clock, timeOfOne } from './stopwatch.ts';
import type { UncapturedErrors } from './uncaptured-errors.ts';

/** What a stand is made of. */
export interface StandParts {
  /** Opens the libraries; their devices are watched by then. */
  readonly peers: () => Promise<readonly Contender[]>;
  readonly errors: UncapturedErrors;
  readonly now: Clock;
}

const PULSE_FLOPS = 2 ** 27;
const PULSE_ROUNDS = 16;
const POLLS = 15;
/** How long a device that does not answer any more may take to say why. */
const NEWS_MS = 1_000;

/** Our device with all that stands on it, and the peers with theirs. */
export class Stand implements AsyncDisposable {
  readonly engine: Engine;
  readonly onDevices: OnDevices;
  readonly #made: readonly (AsyncDisposable | Disposable)[];

  private constructor(
    engine: Engine,
    onDevices: OnDevices,
    made: readonly (AsyncDisposable | Disposable)[],
  ) {
    this.engine = engine;
    this.onDevices = onDevices;
    this.#made = made;
  }

  /** The caller owns the device. */
  static async on(gpu: Gpu, { peers: open, errors, now }: StandParts): Promise<Stand> {
    const engine = new Engine(gpu);
    const ceilings = await Ceilings.on(gpu, now);
    const pulse = await prepareMultiplyAdds(gpu, multiplyAddsOf(PULSE_FLOPS, PULSE_ROUNDS));
    const commands = new Commands(gpu);
    const quantumMs = await quantumOf(commands, now);
    // Last: where something of ours fails, none of theirs is left open.
    const peers = await open();
    const onDevices = {
      contenders: [engine, ceilings, ...peers],
      quantumMs,
      pulse: () => pulse.run(1),
      lost: () => lossOf(gpu, commands, errors),
    };
    return new Stand(engine, onDevices, [...peers, pulse, commands]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await putAway(this.#made);
  }
}

/** Asks our device for a number: one that is lost says that all is done, but gives none. */
async function lossOf(
  gpu: Gpu,
  commands: Commands,
  errors: UncapturedErrors,
): Promise<DeviceLostError | undefined> {
  try {
    await commands.run('readback', 1);
  } catch {
    await Promise.race([gpu.device.lost, later(NEWS_MS)]);
  }
  const told = errors.takeLoss();
  const info = gpu.lost ?? told;
  return info && new DeviceLostError(info);
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The step of the clock, or how long it takes to hear that next to nothing is done. */
async function quantumOf(commands: Commands, now: Clock): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < POLLS; i++)
    times.push(await timeOfOne((count) => commands.run('submit', count), 1, now));
  return Math.max(clockStepNs(now) / 1e6, median(times));
}
