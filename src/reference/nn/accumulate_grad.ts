import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { EPS, FLUSH, HALF_EPS } from '../bounds.ts';
import type { OpRecord, Sample, Value, Values } from '../record.ts';

type NoParams = Readonly<Record<string, never>>;

function sample(layer: 'exact' | 'legal', shape: Shape): Sample<NoParams> {
  return {
    layer,
    label: { a: formatShape(shape) },
    params: {},
    inputs: (random) => {
      const draw = () =>
        hostTensorFrom(
          'f32',
          shape,
          random.fill(sizeOf(shape), () => (layer === 'exact' ? random.integer(-999, 999) : random.normal())),
        );
      return { a: draw(), b: draw() };
    },
  };
}

const operands = ({ a, b }: Values): [Value, Value] => [a as Value, b as Value];

/** One addition: its error is a unit of the sum, and operands and sum may be flushed. */
function errors({ a, b }: Values, unit: number): Float64Array {
  const addend = (b as Value).data;
  return (a as Value).data.map((x, i) => unit * Math.abs(x + (addend[i] as number)) + 3 * FLUSH);
}

/** torch's AccumulateGrad: the sum of two gradients of one tensor. */
export const record: OpRecord<NoParams> = {
  name: 'accumulate_grad',
  family: 'nn',
  summary: 'y = a + b, the gradient of a tensor that is used twice',
  inputs: { a: { dtypes: ['f32'] }, b: { dtypes: ['f32'] } },
  outputs: { y: { dtypes: ['f32'] } },
  forward: (inputs) => {
    const [a, b] = operands(inputs);
    return { y: { shape: a.shape, data: a.data.map((x, i) => x + (b.data[i] as number)) } };
  },
  acceptance: (inputs) => ({ y: { kind: 'within', bound: errors(inputs, EPS), typical: errors(inputs, HALF_EPS) } }),
  samples: [sample('exact', [1]), sample('exact', [7, 37]), sample('exact', [256]), sample('legal', [3, 341])],
  faults: [{ name: 'second gradient subtracted', shader: { file: 'nn/accumulate_grad', from: 'return a + b;', to: 'return a - b;' } }],
  wrongValues: [
    { name: 'second gradient dropped', apply: (inputs, params) => ({ inputs: { ...inputs, b: scaled(inputs['b'] as Value, 0) }, params }) },
    { name: 'first gradient dropped', apply: (inputs, params) => ({ inputs: { ...inputs, a: scaled(inputs['a'] as Value, 0) }, params }) },
    {
      name: 'constant wrong by 2e-5',
      apply: (inputs, params) => ({ inputs: { ...inputs, a: scaled(inputs['a'] as Value, 1 + 2e-5) }, params }),
    },
  ],
};

function scaled(value: Value, factor: number): Value {
  return { ...value, data: value.data.map((x) => x * factor) };
}
