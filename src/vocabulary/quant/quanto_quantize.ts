import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { codes, FLOAT, float, type Known, size } from '../rules.ts';
import { axisIn, exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

const QUANTO_BITS = {
  qint2: 2,
  qint4: 4,
  qint8: 8,
  qfloat8: 8,
  qfloat8_e4m3fn: 8,
  qfloat8_e5m2: 8,
} as const;
const quanto = v.strictObject({
  qtype: v.picklist(Object.keys(QUANTO_BITS) as (keyof typeof QUANTO_BITS)[]),
  axis: v.optional(v.picklist([0, -1]), 0),
  group_size: v.optional(size),
});
type Quanto = v.InferOutput<typeof quanto>;

/**
 * The matrix that is quantized, in which a group is a row (axis 0) or a column (axis -1); without
 * groups the weight itself.
 */
function quantoGroups({
  size: n,
  shape,
  params: { axis, group_size: group },
}: Known<Quanto>): Shape {
  if (group === undefined) return shape('weight');
  const groups = exactly(n('w'), group, 'the number of weights');
  return axis === 0 ? [groups, group] : [group, groups];
}

function quantoScale(known: Known<Quanto>): Shape {
  const along = axisIn(known.params.axis, known.shape('weight'));
  const groups = quantoGroups(known);
  return groups.map((n, d) =>
    d ===
    (known.params.group_size === undefined
      ? along
      : known.params.axis === 0
        ? 0
        : groups.length - 1)
      ? n
      : 1,
  );
}

function quantoPacked(known: Known<Quanto>): Shape {
  const [rows = 1, ...rest] = quantoGroups(known);
  return [Math.ceil((rows * QUANTO_BITS[known.params.qtype]) / 8), ...rest];
}

/** Quanto's quantization per axis or in groups. */
export const quantoQuantize = signature({ family: 'quant', name: 'quanto_quantize' }, quanto, {
  inputs: { weight: float('[*w]') },
  outputs: {
    packed: codes(quantoPacked),
    q: { dtypes: ['I8', 'U8'], native: ['i8', 'u8'], shape: quantoGroups },
    unpacked: { dtypes: ['U8', 'I8'], native: ['u8', 'i8'], shape: quantoGroups },
    scale: float(quantoScale),
    shift: { dtypes: [...FLOAT, 'U8'], native: ['f32', 'u8'], shape: quantoScale },
    dequant: float('[*w]'),
  },
});
