import type { DType } from '../../tensor/dtype.ts';
import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { concat as signature } from '../../vocabulary/shape/concat.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { beside } from '../integers.ts';
import { paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

/** A part with how many elements in a row of y are its own, and where in a row they begin. */
interface Part {
  readonly name: string;
  readonly value: Value;
  readonly width: number;
  readonly first: number;
}

/** The parts in order, and the elements of a row of y: all that lies from the axis on. */
function partsOf(
  inputs: InputsOf<typeof signature, Value>,
  { axis }: ParamsOf<typeof signature>,
): { readonly parts: readonly Part[]; readonly row: number; readonly shape: Shape } {
  const values = Object.keys(inputs).flatMap((_, i) => {
    const value = inputs[`x${i}`];
    return value ? [{ name: `x${i}`, value: beside(value, Object.values(inputs)) }] : [];
  });
  const { shape } = inputs.x0 as Value;
  const at = axis < 0 ? axis + shape.length : axis;
  let row = 0;
  const parts = values.map(({ name, value }) => {
    const part = { name, value, width: sizeOf(value.shape.slice(at)), first: row };
    row += part.width;
    return part;
  });
  const size = values.reduce((sum, { value }) => sum + (value.shape[at] as number), 0);
  return { parts, row, shape: shape.with(at, size) };
}

/** Where element `i` of a part is in y. */
const placeOf = (i: number, { width, first }: Part, row: number): number =>
  Math.floor(i / width) * row + first + (i % width);

function sample(
  level: 'exact' | 'legal',
  shapes: readonly Shape[],
  axis: number,
): SampleOf<typeof signature> {
  const draw = (shape: Shape) => (random: { normal(): number }) =>
    filledTensor('f32', shape, () => random.normal());
  const parts = Object.fromEntries(
    shapes.map((shape, i) => [`x${i}`, { shape, data: new Float64Array(0) }]),
  );
  return {
    level,
    label: { x: shapes.map(formatShape).join(), axis },
    params: { axis },
    inputs: (random) =>
      Object.fromEntries(shapes.map((shape, i) => [`x${i}`, draw(shape)(random)])),
    grads: (random) => ({ y: draw(partsOf(parts, { axis }).shape)(random) }),
  };
}

/** Parts of several element types, with integers that float32 does not hold, nor a half. */
function mixed(...dtypes: readonly DType[]): SampleOf<typeof signature> {
  const values = [16777217, 2049, 255, 127, -3];
  return {
    level: 'exact',
    label: { dtypes: dtypes.join(), axis: 0 },
    integers: true,
    params: { axis: 0 },
    inputs: () =>
      Object.fromEntries(dtypes.map((dtype, i) => [`x${i}`, hostTensorFrom(dtype, [5], values)])),
  };
}

/** ONNX's Concat, torch.cat. */
export const record = defineRecord(signature, {
  summary: 'y = x0, x1, ... one after the other along an axis',
  forward: (inputs, params) => {
    const { parts, row, shape } = partsOf(inputs, params);
    const data = new Float64Array(sizeOf(shape));
    for (const part of parts) {
      part.value.data.forEach((x, i) => {
        data[placeOf(i, part, row)] = x;
      });
    }
    return { y: { shape, data } };
  },
  acceptance: () => ({ y: { kind: 'exact' } }),
  vjp: (inputs, params, grads) => {
    const { parts, row } = partsOf(inputs, params);
    const dy = grads.y.data;
    return Object.fromEntries(
      parts.map((part) => [
        part.name,
        {
          shape: part.value.shape,
          data: part.value.data.map((_, i) => dy[placeOf(i, part, row)] as number),
        },
      ]),
    );
  },
  vjpAcceptance: (inputs) =>
    Object.fromEntries(Object.keys(inputs).map((name) => [name, { kind: 'exact' }])),
  samples: [
    sample(
      'exact',
      [
        [8, 32],
        [8, 32],
      ],
      -1,
    ),
    sample(
      'exact',
      [
        [3, 5, 7],
        [3, 1, 7],
        [3, 11, 7],
      ],
      1,
    ),
    sample(
      'exact',
      [
        [2, 9],
        [1, 9],
        [4, 9],
        [1, 9],
      ],
      0,
    ),
    sample('exact', [[1]], 0),
    sample(
      'legal',
      [
        [4, 3],
        [4, 2],
      ],
      1,
    ),
    mixed('i32', 'u8', 'i8'),
    mixed('i32', 'f32'),
    mixed('u8', 'u8'),
    mixed('f16', 'i32'),
  ],
  faults: [
    {
      name: 'the next element',
      shader: { file: 'shape/copy', from: 'vec2u(dims.x_start,', to: 'vec2u(dims.x_start + 1u,' },
    },
    {
      name: 'the next gradient',
      direction: 'backward',
      shader: { file: 'shape/copy', from: 'vec2u(dims.x_start,', to: 'vec2u(dims.x_start + 1u,' },
    },
  ],
  plausibleBugs: [
    paramsBug('another axis', ({ axis }) => ({ axis: axis === 0 ? -1 : axis - 1 })),
    {
      name: 'parts in another order',
      apply: (inputs, params) => {
        const values = Object.values(inputs).reverse();
        return {
          inputs: Object.fromEntries(
            Object.keys(inputs).map((name, i) => [name, values[i] as Value]),
          ),
          params,
        };
      },
    },
  ],
});
