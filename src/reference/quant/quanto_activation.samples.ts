import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import {
  ACTIVATION_TYPES,
  type ActivationType,
  type quantoActivation as signature,
} from '../../vocabulary/quant/quanto_activation.ts';
import type { SampleOf } from '../define.ts';

interface Description {
  readonly qtype: ActivationType;
  readonly scale: number;
  readonly values?: string;
  readonly draw?: (random: Random, i: number) => number;
}

function sample(
  x: Shape,
  { qtype, scale, values, draw = (random) => random.normal() }: Description,
): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: {
      ...{ x: formatShape(x), qtype },
      ...(values ? { values } : {}),
    },
    params: { qtype },
    inputs: (random) => ({
      x: filledTensor('f32', x, (i) => draw(random, i)),
      scale: hostTensorFrom('f32', [1], [scale]),
    }),
    grads: (random) => ({ dequant: filledTensor('f32', x, () => random.normal()) }),
  };
}

/**
 * Of a scale of 1/4: zeros of both signs, halves between whole numbers, the least numbers of both
 * float types with what lies around them, their largest and what is beyond these.
 */
const ENDS = [
  ...[0, -0, 0.5, -1.5, 2.5, -126.5, 127.5, -128.5],
  ...[2 ** -9, 2 ** -10, -1.5 * 2 ** -9, 2 ** -16, -(2 ** -17), 1.5 * 2 ** -16],
  ...[
    -(2 ** -11),
    -1.5 * 2 ** -10,
    232,
    -248,
    17,
    -19,
    448,
    -464,
    465,
    1e4,
    57_344,
    -61_440,
    61_441,
    -1e5,
  ],
];

const typed = (qtype: ActivationType): readonly SampleOf<typeof signature>[] => [
  sample([5, 37], { qtype, scale: qtype === 'qint8' ? 0.03 : 0.003 }),
  sample([ENDS.length], {
    ...{ qtype, scale: 0.25, values: 'ends' },
    draw: (_random, i) => (ENDS[i] as number) / 4,
  }),
  sample([3, 9], { qtype, scale: 0, values: 'zero-scale' }),
];

export const samples: readonly SampleOf<typeof signature>[] = [
  ...ACTIVATION_TYPES.flatMap(typed),
  // A word of codes at once, and four.
  sample([3, 20], { qtype: 'qfloat8_e4m3fn', scale: 0.007 }),
  sample([2, 3, 16], { qtype: 'qint8', scale: 0.02 }),
  sample([12, 5], { qtype: 'qfloat8_e4m3fnuz', scale: 0.013 }),
  // More than one workgroup of each way.
  sample([23, 29], { qtype: 'qfloat8_e4m3fn', scale: 0.007 }),
  sample([40, 112], { qtype: 'qint8', scale: 0.03 }),
  sample([1], { qtype: 'qfloat8_e5m2', scale: 0.03 }),
];
