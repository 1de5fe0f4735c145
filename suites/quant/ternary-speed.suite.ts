import { Scope } from '../../src/gpu/scope.ts';
import { type Shader, textOf } from '../../src/gpu/shader.ts';
import { matmul } from '../../src/ops/matmul/matmul.ts';
import { ternaryMatmul } from '../../src/ops/quant/ternary_matmul.ts';
import { packTrits } from '../../src/quant/ternary/trits.ts';
import { hostTensor, hostTensorFrom } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { faultsOf } from '../../src/testing/fault.ts';
import { type Timing, timeOf } from '../../src/testing/stopwatch.ts';
import { type Control, parseShape, suite } from '../../src/testing/suite.ts';
import { timedGate } from '../../src/testing/timed-gate.ts';
import { randomTrits } from './trits.ts';
import { value } from './values.ts';

export const ternarySpeed = suite('quant.ternary-speed', {
  description: 'How long a product takes with packed trits, and with the same weights in f32',
});

const ROW = 'triton.quantization.inference-speed';
const TIMEOUT_MS = 120_000;

/** Both kernels on one product. */
interface Timed {
  readonly ternary: Timing;
  readonly float: Timing;
  /** Of the medians: how many times as fast trits are. */
  readonly faster: number;
}

/** The same whole numbers for both: rows of x times the transpose of trits [out, in]. */
class BothProducts implements Disposable {
  readonly #t: CaseContext;
  readonly #scope = new Scope();
  readonly #out: number;
  readonly #x: Tensor;
  readonly #packed: Tensor;
  readonly #dense: Tensor;

  constructor(t: CaseContext, rows: number, [out, cols]: readonly [number, number]) {
    this.#t = t;
    this.#out = out;
    const random = t.random(1);
    const trits = randomTrits(t, [out, cols]);
    const packed = packTrits(trits.data);
    const upload = (host: Parameters<typeof Tensor.from>[1]) =>
      this.#scope.add(Tensor.from(t.gpu, host));
    const numbers = random.fill(rows * cols, () => random.integer(-9, 9));
    this.#x = upload(hostTensorFrom('f32', [rows, cols], numbers));
    this.#packed = upload(hostTensor('u8', [packed.length], packed));
    this.#dense = upload(hostTensorFrom('f32', [out, cols], Float64Array.from(trits.data)));
  }

  readonly #ternary = (): Tensor =>
    ternaryMatmul.forward(
      this.#t.gpu,
      { x: this.#x, packed: this.#packed },
      { out_features: this.#out },
    ).y;

  readonly #float = (): Tensor =>
    matmul.forward(this.#t.gpu, { a: this.#x, b: this.#dense }, { transpose_b: true }).y;

  /** That both give the same numbers, each by a kernel of its own: one that decodes, one of floats. */
  async expectSame(): Promise<void> {
    const { shaders } = this.#t.gpu.recorder;
    using ternary = this.#ternary();
    const first = [...shaders];
    using float = this.#float();
    const added = [...shaders].filter((shader) => !first.includes(shader));
    const decodes = ({ link }: Shader) => link === 'trits';
    const isOwn = first.some(decodes) && added.length > 0 && !added.some(decodes);
    this.#t.expect(isOwn, () => `kernels are ${[...shaders].map(textOf).join(', ')}`);
    this.#t.expectEqual('products', value(await ternary.read()), value(await float.read()));
  }

  async time(): Promise<Timed> {
    const timed = (multiply: () => Tensor) =>
      timeOf(this.#t.gpu, () => multiply()[Symbol.dispose]());
    const ternary = await timed(this.#ternary);
    const float = await timed(this.#float);
    return { ternary, float, faster: float.medianMs / ternary.medianMs };
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]();
  }
}

/** Tells both times and their ratio, and asserts that they are medians within their intervals. */
function report(t: CaseContext, { ternary, float, faster }: Timed): void {
  for (const [kernel, { medianMs, ciMs, samples }] of Object.entries({ ternary, float })) {
    const [low, high] = ciMs;
    t.metric(`${kernel}-median-ms`, medianMs);
    t.metric(`${kernel}-low-ms`, low);
    t.metric(`${kernel}-high-ms`, high);
    t.expect(samples >= 3, () => `${kernel}: ${samples} samples are no interval`);
    const isInside = low > 0 && low <= medianMs && medianMs <= high;
    t.expect(isInside, () => `${kernel}: the median ${medianMs} is not within ${low} to ${high}`);
  }
  t.metric('times-as-fast', faster);
}

/** An interval beyond all times. */
const LATE: Control = {
  name: 'the interval begins at twice the slowest time',
  faults: faultsOf((fault) =>
    fault.host('stopwatch.interval', () => (sorted: readonly number[]) => {
      const slowest = 2 * Math.max(...sorted);
      return [slowest, slowest];
    }),
  ),
};

/** Rows of x where the product is no vector. */
const BATCH = 32;

ternarySpeed
  .case('medians', { weight: ['1024x1024', '4096x1024'] })
  .tier('slow')
  .timeout(TIMEOUT_MS)
  .covers(`${ROW}/kernel-medians`)
  .desc(
    'Of 32 rows with a matrix of trits, packed and in f32, the medians are told with their intervals, of two kernels that give the same numbers.',
  )
  .control(LATE.name, LATE.faults)
  .run(async (t) => {
    const shape = parseShape(t.params.weight) as [number, number];
    using both = new BothProducts(t, BATCH, shape);
    await both.expectSame();
    report(t, await both.time());
  });

/** Its 64 MiB in f32 stay in no cache of a usual chip. */
const VECTOR_SHAPE = [4096, 4096] as const;
/** How many times as fast a vector's product must be. */
const LEAST = 1.5;

ternarySpeed
  .case('vector')
  .tier('slow')
  .timeout(TIMEOUT_MS)
  .covers(`${ROW}/gemv-speedup`)
  .desc(
    'Of a vector with 4096 x 4096 trits, packed and in f32, the ratio of the medians is told, of two kernels that give the same numbers.',
  )
  .control(LATE.name, LATE.faults)
  .run(async (t) => {
    using both = new BothProducts(t, 1, VECTOR_SHAPE);
    await both.expectSame();
    report(t, await both.time());
  });

ternarySpeed
  .case('vector-gate')
  .tier('slow')
  .timeout(TIMEOUT_MS)
  .covers(`${ROW}/gemv-speedup`)
  .desc('On a graphics chip the product of a vector with packed trits is 1.5 times as fast.')
  .control('every product with trits is made four times', (fault) =>
    fault.host('ternary_matmul.forward', (original) => (...args) => {
      for (let i = 0; i < 3; i++) original(...args).y[Symbol.dispose]();
      return original(...args);
    }),
  )
  .run(async (t) => {
    using both = new BothProducts(t, 1, VECTOR_SHAPE);
    await timedGate(
      t,
      () => both.time(),
      ({ faster }) => faster >= LEAST,
      ({ ternary, float, faster }) =>
        `${ternary.medianMs.toFixed(3)} ms with trits and ${float.medianMs.toFixed(3)} ms in f32: ${faster.toFixed(2)} times as fast`,
    );
  });
