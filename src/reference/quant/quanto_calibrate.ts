import type { DType } from '../../tensor/dtype.ts';
import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { ActivationType } from '../../vocabulary/quant/quanto_activation.ts';
import { quantoCalibrate as signature } from '../../vocabulary/quant/quanto_calibrate.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, maxAbs, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { OTHER_TYPE } from './quanto-types.ts';

type Inputs = InputsOf<typeof signature, Value>;

/** What is kept of the scale before, and taken of a batch, in float32. */
const MOMENTUM = Math.fround(0.9);
const SHARE = Math.fround(0.1);

/** Of each type, what the largest magnitude becomes. */
const LARGEST_NUMBERS: Readonly<Record<ActivationType, number>> = {
  qint8: 127,
  qfloat8_e4m3fn: 448,
  qfloat8_e4m3fnuz: 240,
  qfloat8_e5m2: 57_344,
};

/** The scale before, which is none where it is 1, and that of the batch alone. */
function scalesOf({ x, input_scale }: Inputs) {
  const before = input_scale.data[0] as number;
  return { before: before === 1 ? undefined : before, largest: maxAbs(x.data) };
}

const scalar = (value: number): Value => ({ shape: [1], data: Float64Array.of(value) });

interface Description {
  readonly dtype?: DType;
  readonly qtype?: ActivationType;
  /** Of the batches before; default there was none. */
  readonly before?: number;
  readonly values?: string;
  readonly draw?: (random: Random, i: number) => number;
}

function sample(
  shape: Shape,
  {
    dtype = 'f32',
    qtype = 'qint8',
    before = 1,
    values,
    draw = (random) => random.normal(),
  }: Description = {},
): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: {
      x: formatShape(shape),
      ...(dtype === 'f32' ? {} : { dtype }),
      ...(qtype === 'qint8' ? {} : { qtype }),
      before,
      ...(values ? { values } : {}),
    },
    params: { qtype },
    inputs: (random) => ({
      x: filledTensor(dtype, shape, (i) => draw(random, i)),
      input_scale: hostTensorFrom('f32', [1], [before]),
    }),
  };
}

/** Calibration.calibrate_input of optimum-quanto. */
export const record = defineRecord(signature, {
  summary:
    'max |x| over the largest number of a type of a first batch, then 0.9 of the scale before and 0.1 of that',
  forward: (inputs, { qtype }) => {
    const { before, largest } = scalesOf(inputs);
    const own = largest / LARGEST_NUMBERS[qtype];
    return { input_scale: scalar(before === undefined ? own : MOMENTUM * before + SHARE * own) };
  },
  // The quotient is 2.5 off; both products and their sum round once.
  acceptance: (inputs, { input_scale: { data } }, { qtype }) => {
    const { before, largest } = scalesOf(inputs);
    const quotient = largest / LARGEST_NUMBERS[qtype];
    const own = 2.5 * quotient;
    const off =
      before === undefined
        ? own
        : SHARE * (own + quotient) + MOMENTUM * Math.abs(before) + (data[0] as number);
    const bound = Float64Array.of(EPS * off * SECOND_ORDER + 4 * FLUSH);
    return { input_scale: { kind: 'within', bound } };
  },
  samples: [
    sample([1]),
    sample([37]),
    sample([5, 37], { before: 0.02 }),
    sample([2, 3, 20], { before: 0.5 }),
    sample([7, 3], { values: 'negative', draw: (random) => -random.uniform(1, 2) }),
    sample([4, 5], { values: 'zeros', draw: () => 0 }),
    sample([4, 5], { before: 0.25, values: 'zeros', draw: () => 0 }),
    sample([9, 5], { values: 'large', draw: (random) => 3e38 * random.uniform(-1, 1) }),
    // Two passes over x.
    sample([3, 700], { before: 0.01 }),
    sample([5, 37], { qtype: 'qfloat8_e4m3fn' }),
    sample([7, 5], { qtype: 'qfloat8_e4m3fnuz' }),
    sample([3, 19], { qtype: 'qfloat8_e5m2', before: 1e-4 }),
    sample([3, 41], { dtype: 'f16', before: 0.03 }),
    sample([5, 9], { dtype: 'bf16' }),
  ],
  faults: [
    {
      // Of zeros and of the largest floats alike.
      name: 'scales twice as large, and 1 more',
      shader: {
        file: 'quant/quanto_calibrate',
        from: 'y[0] = select',
        to: 'y[0] = 1.0 + 2.0 * select',
      },
    },
  ],
  plausibleBugs: [
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    inputBug('negative elements forgotten', 'x', (x) => Math.max(x, 0)),
    paramsBug('codes of another float type', ({ qtype }) => ({ qtype: OTHER_TYPE[qtype] })),
    inputBug('the scale before forgotten', 'input_scale', () => 1),
    inputBug('the scale before wrong by 2e-5', 'input_scale', (s) =>
      s === 1 ? s : s * (1 + 2e-5),
    ),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, { qtype }) => {
    const { before, largest } = scalesOf(inputs);
    const own = gpu.div(largest, LARGEST_NUMBERS[qtype]);
    const scale = before === undefined ? own : gpu.mulAdd(MOMENTUM, before, gpu.mul(SHARE, own));
    return { input_scale: scalar(scale) };
  },
});
