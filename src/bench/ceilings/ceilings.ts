import { invariant } from '../../errors.ts';
import { type CommandKind, Commands } from '../../gpu/ceilings/commands.ts';
import { multiplyAddsOf, roundsFor } from '../../gpu/ceilings/multiply-adds.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { AssertionError } from '../../testing/context.ts';
import type { Contender, PreparedWork } from '../contender.ts';
import { HostTime } from '../ours/host-time.ts';
import type { CeilingWork, Work } from '../work.ts';
import {
  prepareBufferCopy,
  prepareLookUps,
  prepareMultiplyAdds,
  prepareStoredLookUps,
  prepareStreams,
} from './kernels.ts';
import { CEILINGS } from './names.ts';

/** Multiply-adds of so many operations are timed to know how fast the device computes, and moves. */
const TRIAL_FLOPS = 2 ** 28;
const TRIAL_ROUNDS = 16;
const TRIAL_BYTES = 2 ** 22;
const TRIAL_EACH = 4;

/** How many vec4s of the longer stream an invocation handles. */
const EACH = [1, 2, 4, 8] as const;
/** Codes that are looked up: as many as the bench's dequantization has. */
const LOOKED_UP = 2 ** 22;

/** What a ceiling can be, by the name of the setting. */
type Ways = Readonly<Record<string, () => Promise<PreparedWork>>>;

/** What a device does in a second, roughly. */
interface Rates {
  readonly flops: number;
  readonly bytes: number;
}

/** Kernels that do nothing else than what bounds a work: arithmetic, or its streams. */
export class Ceilings implements Contender {
  readonly name = 'ceiling';
  readonly #gpu: Gpu;
  readonly #rates: Rates;

  private constructor(gpu: Gpu, rates: Rates) {
    this.#gpu = gpu;
    this.#rates = rates;
  }

  /** Measures what the device does, to know what bounds a work. The caller owns the device. */
  static async on(gpu: Gpu, now: () => number): Promise<Ceilings> {
    const fastest = async (work: PreparedWork) => {
      await using trial = work;
      await trial.run(1);
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 3; i++) {
        const started = now();
        await trial.run(4);
        least = Math.min(least, (now() - started) / 4000);
      }
      return least;
    };
    const bytes = { read: TRIAL_BYTES, written: TRIAL_BYTES };
    const adds = multiplyAddsOf(TRIAL_FLOPS, TRIAL_ROUNDS);
    return new Ceilings(gpu, {
      flops: TRIAL_FLOPS / (await fastest(await prepareMultiplyAdds(gpu, adds))),
      bytes:
        (2 * TRIAL_BYTES) / (await fastest(await prepareStreams(gpu, bytes, { each: TRIAL_EACH }))),
    });
  }

  settingsFor(work: Work): readonly string[] | { readonly reason: string } {
    if (work.kind === 'op' && work.isOnHost) return { reason: 'no kernel computes it' };
    return Object.keys(this.#waysOf(work));
  }

  async prepare(work: Work, setting: string): Promise<PreparedWork> {
    const way = this.#waysOf(work)[setting];
    invariant(way, () => `${work.id} has no ceiling ${setting}`);
    return await way();
  }

  #waysOf(work: Work): Ways {
    if (work.kind === 'ceiling') return this.#deviceWays(work);
    const { flops, bytes } = work;
    if (work.kind === 'op' && work.lookUps) return this.#lookedUp(work.lookUps);
    const moved = bytes.read + bytes.written;
    const isComputed = flops / this.#rates.flops >= moved / this.#rates.bytes;
    return isComputed ? this.#computed(work) : this.#moved(work);
  }

  #deviceWays(work: CeilingWork): Ways {
    const gpu = this.#gpu;
    const { ceiling, bytes } = work;
    switch (ceiling) {
      case 'multiply-adds':
        return this.#computed(work);
      case 'kernel-copy':
        return this.#moved(work);
      case 'buffer-copy':
        return { [ceiling]: () => prepareBufferCopy(gpu, bytes.read) };
      case 'look-ups':
        return { [ceiling]: () => prepareLookUps(gpu, LOOKED_UP) };
      case 'step-calls':
        return { [ceiling]: async () => prepareStepCalls(gpu) };
      default:
        return { [ceiling]: async () => prepareCommands(gpu, ceiling) };
    }
  }

  /** Operations of the work alone. */
  #computed({ flops }: Work): Ways {
    return Object.fromEntries(
      roundsFor(flops).map((rounds) => [
        `${CEILINGS.adds}, ${rounds} rounds an invocation`,
        () => prepareMultiplyAdds(this.#gpu, multiplyAddsOf(flops, rounds)),
      ]),
    );
  }

  /** Codes that are looked up, and stored as what they stand for. */
  #lookedUp(codes: number): Ways {
    return { [CEILINGS.storedLookUps]: () => prepareStoredLookUps(this.#gpu, codes) };
  }

  /** Streams of the work alone. */
  #moved({ bytes, isInPlace = false }: Work): Ways {
    const places = isInPlace ? [false, true] : [false];
    return Object.fromEntries(
      places.flatMap((inPlace) =>
        EACH.map((each) => [
          `${CEILINGS.copy}${inPlace ? ' in place' : ''}, ${each} vec4 an invocation`,
          () => prepareStreams(this.#gpu, bytes, { each, isInPlace: inPlace }),
        ]),
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Runs that are looked at. */
const CHECKED = 37;

function prepareCommands(gpu: Gpu, kind: CommandKind): PreparedWork {
  const commands = new Commands(gpu);
  return counted(commands, 1, (times) => commands.run(kind, times));
}

/**
 * What the replay of the perceptron's step of bench asks of the API, and its bytes: 64 rows of 784
 * inputs, a label for each, and the struct of its optimizer.
 */
const STEP_COMMANDS = 12;
const STEP_WRITES = [4 * 64 * 784, 4 * 64, 48] as const;

/**
 * The calls of a step alone, with the host's time beside, as that of the engine is taken: what is
 * left of the engine's time is its own.
 */
function prepareStepCalls(gpu: Gpu): PreparedWork {
  const commands = new Commands(gpu);
  const hostTime = new HostTime();
  const run = async (times: number) => {
    const started = performance.now();
    commands.step(STEP_COMMANDS, STEP_WRITES);
    hostTime.add(performance.now() - started, STEP_COMMANDS);
    for (let i = 1; i < times; i++) commands.step(STEP_COMMANDS, STEP_WRITES);
    await gpu.finish();
  };
  return { ...counted(commands, STEP_COMMANDS, run), metrics: () => hostTime.metrics('calls') };
}

/** Work of commands that count: a run is right where its kernels were so many. */
function counted(commands: Commands, dispatches: number, run: PreparedWork['run']): PreparedWork {
  return {
    run,
    check: async () => {
      const before = await commands.count();
      await run(CHECKED);
      const counted = (await commands.count()) - before;
      const wanted = CHECKED * dispatches;
      if (counted === wanted) return 1;
      throw new AssertionError('not-equal', `${wanted} commands counted to ${counted}`);
    },
    results: () => Promise.reject(new TypeError('commands are checked by themselves')),
    kernels: () => ['bench/count'],
    [Symbol.asyncDispose]: async () => commands[Symbol.dispose](),
  };
}
