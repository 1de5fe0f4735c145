import { judge } from '../../../reference/judge.ts';
import {
  halfLimitOf,
  halfSpreadOf,
  isHeldInHalves,
  unheldInHalves,
} from '../../../reference/llama/half-limits.ts';
import {
  isCurve,
  lateLimitOf,
  limitOf,
  narrowLimitOf,
  SHORT,
} from '../../../reference/llama/limits.ts';
import type { LlamaRun } from '../../../reference/llama/run.ts';
import { longSpreadOf, type Spread, spreadOf } from '../../../reference/llama/spread.ts';
import type { Acceptance, Value } from '../../../reference/record.ts';
import type { Spread as TensorSpread } from '../../../reference/step/spread.ts';

/** An output of a run, and what it should be. */
interface Compared {
  readonly actual: Value;
  readonly truth: Value;
}

/**
 * How far the outputs of a run may be off. Curves of an adapter that rounds to nearest (`ieee`) are
 * held to the spread of float32 runs; legal arithmetic that truncates strays farther. What comes
 * after step 20, and trained weights of any run, may be off by the spread on any adapter. A spread
 * takes long, so it is computed once, and only if it decides. With products in halves any adapter is
 * held to the spread of those.
 */
export class RunLimits {
  readonly #run: LlamaRun;
  readonly #ieee: boolean;
  /** Whether right runs part so fast that their ends are not compared: see {@link isByStates}. */
  readonly #parts: boolean;
  readonly #isLong: boolean;
  #spread: Spread | undefined;
  #longSpread: Promise<Readonly<Record<string, Float64Array>>> | undefined;
  #halfSpread: Promise<TensorSpread> | undefined;

  constructor(run: LlamaRun, ieee: boolean) {
    this.#run = run;
    this.#ieee = ieee;
    this.#parts = run.autocast !== undefined || run.optimizer?.optimizer === 'adamw8bit';
    this.#isLong = !this.#parts && (run.input_ids?.shape[0] ?? 0) / (run.grad_accum ?? 1) > SHORT;
  }

  /** Whether an output is judged. */
  holds(name: string): boolean {
    return !this.#parts || isHeldInHalves(name);
  }

  /** Marks elements that are not judged: of steps that were left out, of late ones in halves. */
  unjudged(name: string, truth: Value): Uint8Array {
    const late = this.#parts ? unheldInHalves(name, truth) : undefined;
    return Uint8Array.from(truth.data, (x, i) => Number(!Number.isFinite(x) || late?.[i] === 1));
  }

  /** The limit that the format itself sets: what is recorded is held to it. */
  async widest(name: string, { actual, truth }: Compared): Promise<Acceptance> {
    const { autocast } = this.#run;
    if (autocast) {
      this.#halfSpread ??= halfSpreadOf(this.#run, autocast);
      return halfLimitOf(name, truth, await this.#halfSpread);
    }
    const short = limitOf(name, truth);
    if (this.#parts || this.#keeps(short, { name, actual, truth })) return short;
    const anything = lateLimitOf(name, truth, ANY_SPREAD(truth));
    if (!this.#keeps(anything, { name, actual, truth })) return short;
    this.#longSpread ??= longSpreadOf(this.#run);
    return lateLimitOf(name, truth, (await this.#longSpread)[name] ?? ANY_SPREAD(truth));
  }

  /** The limit of `actual` against the float64 run. */
  async of(name: string, { actual, truth }: Compared): Promise<Acceptance> {
    if (this.#run.autocast || this.#isLong || !this.#ieee || !isCurve(name))
      return this.widest(name, { actual, truth });
    const least = narrowLimitOf(name, truth);
    const most = limitOf(name, truth);
    if (this.#keeps(least, { name, actual, truth })) return least;
    if (this.#parts || !this.#keeps(most, { name, actual, truth })) return most;
    this.#spread ??= await spreadOf(this.#run);
    return narrowLimitOf(name, truth, this.#spread[name]);
  }

  #keeps(
    limit: Acceptance,
    { name, actual, truth }: Compared & { readonly name: string },
  ): boolean {
    return judge(actual, truth, limit, this.unjudged(name, truth)).ok;
  }
}

/** A spread so large that nothing but the 2 % limits it. */
const ANY_SPREAD = ({ data }: Value): Float64Array =>
  new Float64Array(data.length).fill(Number.MAX_VALUE);
