import { flopsOf } from '../../src/gpu/recorder.ts';
import { launchers } from '../../src/ops/registry.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

const work = suite('gpu.work', {
  description: 'How much launches say that they compute, by which submits are divided',
});

/** A product of known sizes, and the operations of its sums: two for each term. */
interface Product {
  readonly op: string;
  readonly variant?: string;
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly params?: object;
  readonly forward: number;
  /** By the input whose gradient is asked for alone. */
  readonly backward?: Readonly<Record<string, number>>;
}

/** 6 queries and 10 keys in all, 4 columns of keys and 6 of values. */
const ATTENTION = { q: [1, 2, 3, 4], k: [1, 2, 5, 4], v: [1, 2, 5, 6] };
const LORA = { x: [5, 16], W: [12, 16], lora_A: [4, 16], lora_B: [12, 4] };
const FROZEN = 2 * 5 * 12 * 16;
const INTO_RANK = 2 * 5 * 4 * 16;
const OUT_OF_RANK = 2 * 5 * 12 * 4;

const PRODUCTS: readonly Product[] = [
  {
    op: 'matmul',
    inputs: { a: [5, 7], b: [7, 3] },
    forward: 2 * 5 * 3 * 7,
    backward: { a: 2 * 5 * 3 * 7, b: 2 * 5 * 3 * 7 },
  },
  { op: 'matmul', inputs: { a: [2, 5, 7], b: [2, 7, 3] }, forward: 2 * 2 * 5 * 3 * 7 },
  {
    op: 'conv2d',
    inputs: { x: [2, 4, 6, 5], weight: [6, 4, 3, 3] },
    params: { padding: 1 },
    forward: 2 * (2 * 6 * 6 * 5) * (4 * 3 * 3),
    backward: {
      x: 2 * (2 * 4 * 6 * 5) * (6 * 3 * 3),
      weight: 2 * (2 * 6 * 6 * 5) * (4 * 3 * 3),
    },
  },
  {
    op: 'scaled_dot_product_attention',
    inputs: ATTENTION,
    forward: 2 * 30 * (4 + 6),
    backward: { q: 2 * 30 * 14, k: 2 * 30 * 14, v: 2 * 30 * 10 },
  },
  {
    op: 'lora_linear',
    inputs: LORA,
    params: { r: 4, alpha: 8 },
    forward: FROZEN + INTO_RANK + OUT_OF_RANK,
  },
];

/** The operations that launches of a step name themselves. */
function workOf(t: CaseContext, step: () => void): number {
  const { commands } = t.gpu.trace(step).trace;
  return commands.reduce(
    (sum, command) =>
      command.kind === 'dispatch' && command.launch.flops !== undefined
        ? sum + flopsOf(command.launch)
        : sum,
    0,
  );
}

work
  .case('products')
  .desc('Products name the operations of their sums, forward and for each gradient alone.')
  .control('each names none', (fault) => fault.host('gpu.flops_of', () => () => 0))
  .run(async (t) => {
    for (const { op, variant, inputs: shapes, params = {}, forward, backward = {} } of PRODUCTS) {
      const launcher = launchers.get(op);
      if (!launcher) throw new TypeError(`there is no ${op}`);
      const tensors = (of: Readonly<Record<string, Shape>>) =>
        Object.fromEntries(
          Object.entries(of).map(([name, shape]) => [name, Tensor.empty(t.gpu, 'f32', shape)]),
        );
      const name = [op, variant].filter(Boolean).join(' ');
      const forwardWork = workOf(t, () => {
        launcher.forward(t.gpu, tensors(shapes), params as never, variant);
      });
      t.expect(
        forwardWork === forward,
        () => `${name} names ${forwardWork} operations and takes ${forward}`,
      );
      for (const [input, expected] of Object.entries(backward)) {
        const found = workOf(t, () => {
          const inputs = tensors(shapes);
          const outputs = launcher.forward(t.gpu, inputs, params as never, variant);
          const { y } = outputs as Readonly<Record<string, Tensor>>;
          const grads = { y: Tensor.empty(t.gpu, 'f32', (y as Tensor).shape) };
          const wants = new Set([input]);
          const context = { inputs, outputs, grads, params, wants, variant };
          launcher.backward(t.gpu, context as never);
        });
        t.expect(
          found - forward === expected,
          () => `${name} names ${found - forward} for ${input} and takes ${expected}`,
        );
      }
    }
  });
