import { type CommandKind, Commands } from '../../gpu/ceilings/commands.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { thisTool } from '../../report/tool.ts';
import { AssertionError } from '../../testing/context.ts';
import type { Contender, PreparedWork } from '../contender.ts';
import type { CeilingWork, Work } from '../work.ts';
import { prepareBufferCopy, prepareMultiplyAdds, prepareStreams } from './kernels.ts';

/** Multiply-adds of so many operations are timed to know how fast the device computes, and moves. */
const TRIAL_FLOPS = 2 ** 28;
const TRIAL_BYTES = 2 ** 22;

/** How many vec4s of the longer stream an invocation handles. */
const EACH = [1, 2, 4, 8] as const;
const COMPUTE = 'multiply-adds';
const streams = (each: number) => `copy of the same streams, ${each} vec4 an invocation`;

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
    return new Ceilings(gpu, {
      flops: TRIAL_FLOPS / (await fastest(await prepareMultiplyAdds(gpu, TRIAL_FLOPS))),
      bytes: (2 * TRIAL_BYTES) / (await fastest(await prepareStreams(gpu, bytes, 2))),
    });
  }

  get version(): string {
    return thisTool().version;
  }

  settingsFor(work: Work): readonly string[] | { readonly reason: string } {
    if (work.kind === 'ceiling')
      return work.ceiling === 'kernel-copy' ? EACH.map(streams) : [work.ceiling];
    const { flops, bytes } = work;
    const moved = bytes.read + bytes.written;
    return flops / this.#rates.flops >= moved / this.#rates.bytes ? [COMPUTE] : EACH.map(streams);
  }

  async prepare(work: Work, setting: string): Promise<PreparedWork> {
    const each = EACH.find((one) => streams(one) === setting);
    if (each) return await prepareStreams(this.#gpu, work.bytes, each);
    if (setting === COMPUTE) return await prepareMultiplyAdds(this.#gpu, work.flops);
    if (setting === 'buffer-copy') return await prepareBufferCopy(this.#gpu, work.bytes.read);
    return prepareCommands(this.#gpu, setting as CommandKind & CeilingWork['ceiling']);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Commands that are looked at. */
const CHECKED = 37;

function prepareCommands(gpu: Gpu, kind: CommandKind): PreparedWork {
  const commands = new Commands(gpu);
  return {
    run: (times) => commands.run(kind, times),
    check: async () => {
      const before = await commands.count();
      await commands.run(kind, CHECKED);
      const counted = (await commands.count()) - before;
      if (counted === CHECKED) return 1;
      throw new AssertionError('not-equal', `${CHECKED} commands counted to ${counted}`);
    },
    results: () => Promise.reject(new TypeError('commands are checked by themselves')),
    kernels: () => ['bench/count'],
    [Symbol.asyncDispose]: async () => commands[Symbol.dispose](),
  };
}
