import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import { coordinatesOf, formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { transpose as signature } from '../../vocabulary/shape/transpose.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';

/** Calls `move` with each flat index of x and where it goes. */
function eachMove(
  x: Shape,
  perm: readonly number[],
  move: (from: number, to: number) => void,
): Shape {
  const shape = perm.map((d) => x[d] as number);
  for (let i = 0; i < sizeOf(x); i++) {
    const at = coordinatesOf(i, x);
    move(
      i,
      perm.reduce((flat, d) => flat * (x[d] as number) + (at[d] as number), 0),
    );
  }
  return shape;
}

function sample(
  level: 'exact' | 'legal',
  x: Shape,
  perm: readonly number[],
  dtype: 'f32' | 'i32' | 'u8' = 'f32',
): SampleOf<typeof signature> {
  const shape = perm.map((d) => x[d] as number);
  return {
    level,
    label: { x: formatShape(x), perm: perm.join(''), ...(dtype === 'f32' ? {} : { dtype }) },
    params: { perm },
    inputs: (random) => ({
      x: filledTensor(dtype, x, () => Math.trunc(random.normal(1000))),
    }),
    ...(dtype === 'f32'
      ? {
          grads: (random) => ({
            y: hostTensorFrom(
              'f32',
              shape,
              random.fill(sizeOf(x), () => random.normal()),
            ),
          }),
        }
      : {}),
  };
}

/** One element too far, in a walk and in matrices of whole fours. */
const NEXT = {
  shader: { file: 'shape/copy', from: 'vec2u(dims.x_start,', to: 'vec2u(dims.x_start + 1u,' },
  also: [
    {
      shader: {
        file: 'shape/transpose',
        from: 'vec4u(a.x, b.x, c.x, d.x)',
        to: 'vec4u(a.y, b.x, c.x, d.x)',
      },
    },
  ],
} as const;

/** ONNX's Transpose, torch.permute. */
export const record = defineRecord(signature, {
  summary: 'y = x with its dimensions in another order',
  forward: ({ x }, { perm }) => {
    const data = new Float64Array(x.data.length);
    const shape = eachMove(x.shape, perm, (from, to) => {
      data[to] = x.data[from] as number;
    });
    return { y: { shape, data } };
  },
  acceptance: () => ({ y: { kind: 'exact' } }),
  vjp: ({ x }, { perm }, { y: dy }) => {
    const data = new Float64Array(x.data.length);
    eachMove(x.shape, perm, (from, to) => {
      data[from] = dy.data[to] as number;
    });
    return { x: { shape: x.shape, data } };
  },
  vjpAcceptance: () => ({ x: { kind: 'exact' } }),
  samples: [
    sample('exact', [8, 64], [1, 0]),
    sample('exact', [3, 1, 37], [2, 0, 1]),
    sample('exact', [44, 36], [1, 0]),
    sample('exact', [3, 12, 8], [0, 2, 1], 'i32'),
    sample('exact', [2, 3, 2, 2, 3, 2, 2, 2], [6, 4, 2, 0, 7, 5, 3, 1]),
    sample('exact', [5, 7], [0, 1], 'i32'),
    sample('exact', [3, 7], [1, 0], 'u8'),
    sample('exact', [1], [0]),
    sample('legal', [3, 4, 5], [1, 2, 0]),
  ],
  faults: [
    { name: 'the next element', ...NEXT },
    { name: 'the next gradient', direction: 'backward', ...NEXT },
  ],
  plausibleBugs: [
    paramsBug('the inverse order', ({ perm }) => ({ perm: perm.map((_, d) => perm.indexOf(d)) })),
    paramsBug('no order', ({ perm }) => ({ perm: perm.map((_, d) => d) })),
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
  ],
});
