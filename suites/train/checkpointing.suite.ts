import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import { RandomState } from '../../src/autograd/random-state.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { memoryTracker } from '../../src/gpu/memory-tracker.ts';
import { initialLinear, initialNorm } from '../../src/models/initial.ts';
import { Layers } from '../../src/models/layers.ts';
import { add } from '../../src/ops/math/add.ts';
import { gelu } from '../../src/ops/math/gelu.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { suite } from '../../src/testing/suite.ts';

export const checkpointing = suite('train.checkpointing', {
  description:
    'Eight layers with dropout, kept whole for backward or run again two at a time: memory, bits, dispatches and time',
});

const LAYERS = 8;
/** Layers of a segment that backward runs again. */
const EVERY = 2;
const WIDTH = 32;
const ROWS = 768;

/** What a pass forward and back showed. */
interface Pass {
  readonly gradients: string;
  readonly peakBytes: number;
  readonly dispatches: number;
  /** Of these, what the layers took forward. */
  readonly forward: number;
  readonly ms: number;
}

/** Eight layers x + dropout(linear(gelu(linear(norm(x))))), their input and its gradient. */
class Stack implements Disposable {
  readonly #t: CaseContext;
  readonly #parameters: FlatParameters;
  readonly #x: Tensor;
  readonly #dy: Tensor;

  constructor(t: CaseContext) {
    const random = t.random(1);
    const layers = Array.from({ length: LAYERS }, (_, i) => [
      ...initialNorm(`${i}.norm`, WIDTH, true),
      ...initialLinear(`${i}.up`, [2 * WIDTH, WIDTH], random),
      ...initialLinear(`${i}.down`, [WIDTH, 2 * WIDTH], random),
    ]);
    const drawn = () =>
      hostTensorFrom(
        'f32',
        [ROWS, WIDTH],
        random.fill(ROWS * WIDTH, () => random.uniform(-1, 1)),
      );
    this.#t = t;
    this.#parameters = new FlatParameters(t.gpu, new Map(layers.flat()));
    this.#x = Tensor.from(t.gpu, drawn());
    this.#dy = Tensor.from(t.gpu, drawn());
  }

  async pass(checkpointed: boolean): Promise<Pass> {
    const { gpu, seed } = this.#t;
    const { recorder } = gpu;
    await gpu.finish();
    const tracker = memoryTracker(gpu);
    await using _end = tracker;
    let dispatches = 0;
    recorder.dispatch = (launch) => {
      dispatches += 1;
      return Object.getPrototypeOf(recorder).dispatch.call(recorder, launch);
    };
    const started = performance.now();
    try {
      const random = new RandomState(seed);
      random.begin();
      const names = this.#parameters.names;
      using tape = new Tape(
        gpu,
        names.map((name) => this.#parameters.view(name)),
        { random },
      );
      let y = this.#x;
      for (let first = 0; first < LAYERS; first += EVERY) {
        const from = y;
        const segment = (on: Tape) => this.#layers(on, from, first);
        y = checkpointed ? tape.checkpoint(segment, `segment ${first}`) : segment(tape);
      }
      const forward = dispatches;
      const gradients = tape.backward(y, this.#dy);
      await gpu.finish();
      const ms = performance.now() - started;
      const { totalUsedBytes: peakBytes } = tracker.stats;
      const whole = dispatches;
      const words: string[] = [];
      for (const name of names)
        words.push(String((await gradients.get(this.#parameters.view(name))?.read())?.data));
      return { gradients: words.join(';'), peakBytes, dispatches: whole, forward, ms };
    } finally {
      Reflect.deleteProperty(recorder, 'dispatch');
    }
  }

  #layers(tape: Tape, x: Tensor, first: number): Tensor {
    const layers = new Layers(tape, this.#parameters);
    let y = x;
    for (let i = first; i < first + EVERY; i++) {
      const up = layers.linear(`${i}.up`, layers.layerNorm(`${i}.norm`, y));
      const inner = tape.apply(gelu, { x: up }, {}, `${i}.gelu`).y;
      const dropped = layers.dropout(`${i}.dropout`, layers.linear(`${i}.down`, inner), 0.1);
      y = tape.apply(add, { a: y, b: dropped }, {}, `${i}.residual`).y;
    }
    return y;
  }

  [Symbol.dispose](): void {
    for (const owned of [this.#parameters, this.#x, this.#dy]) owned[Symbol.dispose]();
  }
}

/** Every segment is run again so many times. */
const runAgain = (times: number) => (fault: FaultDeclaration) =>
  fault.host('random_state.from', (original) => (state, at, segment) => {
    for (let n = 1; n < times; n++) original(state, at, segment);
    return original(state, at, segment);
  });

checkpointing
  .case('peak')
  .tier('full')
  .timeout(120_000)
  .covers('tb.hardware.gradient-checkpointing/activation-peak')
  .desc(
    'Forward and backward of eight layers, two to a segment, need at most 0.55 of the memory that they need with all activations kept, gradients among it.',
  )
  .control('activations of all segments are kept', (fault) =>
    fault.host('tape.drop_segment', () => () => undefined),
  )
  .run(async (t) => {
    using stack = new Stack(t);
    const kept = (await stack.pass(false)).peakBytes;
    const again = (await stack.pass(true)).peakBytes;
    t.metric('keptBytes', kept);
    t.metric('checkpointedBytes', again);
    t.expect(again <= 0.55 * kept, () => `${again} bytes are ${again / kept} of ${kept}`);
  });

checkpointing
  .case('gradients')
  .tier('full')
  .timeout(120_000)
  .covers('tb.hardware.gradient-checkpointing/gradients-bit-equal')
  .desc('The gradients of all parameters are the same bits, dropout masks drawn again included.')
  .control('other masks the second time', (fault) =>
    fault.host('random_state.from', () => (_state, _at, segment) => segment()),
  )
  .run(async (t) => {
    using stack = new Stack(t);
    const kept = (await stack.pass(false)).gradients;
    const again = (await stack.pass(true)).gradients;
    t.expect(kept.length > 1000 && !kept.includes('NaN'), () => 'there are no gradients');
    t.expect(again === kept, () => 'gradients differ');
  });

checkpointing
  .case('dispatches')
  .tier('full')
  .timeout(120_000)
  .covers('tb.hardware.gradient-checkpointing/recomputed-dispatches')
  .desc(
    'A pass with checkpoints dispatches as many kernels more as the layers took forward, and not one else.',
  )
  .control('segments that are run again twice', runAgain(2))
  .run(async (t) => {
    using stack = new Stack(t);
    const kept = await stack.pass(false);
    const again = await stack.pass(true);
    const more = again.dispatches - kept.dispatches;
    t.expect(kept.forward > LAYERS, () => `the layers took ${kept.forward} dispatches`);
    t.expect(more === kept.forward, () => `${more} more, and the layers take ${kept.forward}`);
  });

/** The most that a pass with checkpoints may take, of the time of one without. */
const TIMES = 1.5;
/** Passes of each kind that are timed, in turns. */
const PASSES = { least: 8, most: 24 } as const;

/** A quarter of the times are at most this: one pass that had the machine to itself moves it little. */
function lowerQuartile(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 4)] ?? Number.NaN;
}

checkpointing
  .case('time')
  .tier('full')
  .timeout(240_000)
  .covers('tb.hardware.gradient-checkpointing/step-time')
  .desc(
    'The lower quartile of the times of eight passes with checkpoints is at most 1.5 times that of eight without, which are made in turns; beside other work of up to 24.',
  )
  .control('segments that are run again four times', runAgain(4))
  .run(async (t) => {
    using stack = new Stack(t);
    const times = { kept: [] as number[], again: [] as number[] };
    const ratioNow = () => lowerQuartile(times.again) / lowerQuartile(times.kept);
    for (const checkpointed of [false, true]) await stack.pass(checkpointed); // compiles
    for (let n = 0; n < PASSES.most && (n < PASSES.least || ratioNow() > TIMES); n++) {
      times.kept.push((await stack.pass(false)).ms);
      times.again.push((await stack.pass(true)).ms);
    }
    const ratio = ratioNow();
    t.metric('timeRatio', ratio);
    t.expect(ratio <= TIMES, () => `a pass with checkpoints takes ${ratio} times as long`);
  });
