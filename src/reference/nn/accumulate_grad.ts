import { filledTensor } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { accumulateGrad as signature } from '../../vocabulary/nn/accumulate_grad.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, HALF_EPS } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

function sample(level: 'exact' | 'legal', shape: Shape): SampleOf<typeof signature> {
  return {
    level,
    label: { a: formatShape(shape) },
    params: {},
    inputs: (random) => {
      const draw = () =>
        filledTensor('f32', shape, () =>
          level === 'exact' ? random.integer(-999, 999) : random.normal(),
        );
      return { a: draw(), b: draw() };
    },
  };
}

/** One addition: its error is a unit of the sum, and operands and sum may be flushed. */
function errors({ a, b }: InputsOf<typeof signature, Value>, unit: number): Float64Array {
  return a.data.map((x, i) => unit * Math.abs(x + (b.data[i] as number)) + 3 * FLUSH);
}

/** torch's AccumulateGrad: the sum of two gradients of one tensor. */
export const record = defineRecord(signature, {
  summary: 'y = a + b, the gradient of a tensor that is used twice',
  forward: ({ a, b }) => ({
    y: { shape: a.shape, data: a.data.map((x, i) => x + (b.data[i] as number)) },
  }),
  acceptance: (inputs) => ({
    y: { kind: 'within', bound: errors(inputs, EPS), typical: errors(inputs, HALF_EPS) },
  }),
  samples: [
    sample('exact', [1]),
    sample('exact', [7, 37]),
    sample('exact', [256]),
    sample('legal', [3, 341]),
  ],
  faults: [
    {
      name: 'second gradient subtracted',
      shader: { file: 'nn/accumulate_grad', from: 'return a + b;', to: 'return a - b;' },
    },
  ],
  plausibleBugs: [
    inputBug('second gradient dropped', 'b', (x) => x * 0),
    inputBug('first gradient dropped', 'a', (x) => x * 0),
    inputBug('constant wrong by 2e-5', 'a', (x) => x * (1 + 2e-5)),
  ],
});
