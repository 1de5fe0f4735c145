import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { embedding as signature } from '../../vocabulary/nn/embedding.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { FLUSH, gamma, HALF_EPS, sumLevels } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

interface Gather {
  readonly vocabulary: number;
  readonly width: number;
  /** The row of the weight that each id reads: an id outside of it reads the nearest. */
  readonly rows: readonly number[];
  /** The row of the weight that takes no gradient; -1 for none. */
  readonly padding: number;
}

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

function gatherOf({ weight, ids }: Inputs, { padding_idx }: Params): Gather {
  const [vocabulary, width] = weight.shape as [number, number];
  return {
    vocabulary,
    width,
    rows: Array.from(ids.data, (id) => Math.min(Math.max(id, 0), vocabulary - 1)),
    padding: padding_idx === undefined ? -1 : (padding_idx + vocabulary) % vocabulary,
  };
}

/** Adds the rows of `values` that read the same row of the weight, but the padding. */
function scatter({ vocabulary, width, rows, padding }: Gather, values: Float64Array): Value {
  const data = new Float64Array(vocabulary * width);
  rows.forEach((row, i) => {
    if (row === padding) return;
    for (let d = 0; d < width; d++)
      data[row * width + d] = (data[row * width + d] as number) + (values[i * width + d] as number);
  });
  return { shape: [vocabulary, width], data };
}

/** The rows of the weight; the padding is that `at` which gradients are taken. */
function gathered(inputs: Inputs, params: Params, at: Inputs): { readonly y: Value } {
  const { width, rows, padding } = gatherOf(inputs, params);
  const data = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    const { weight } = row === padding ? at : inputs;
    data.set(weight.data.subarray(row * width, (row + 1) * width), i * width);
  });
  return { y: { shape: [...inputs.ids.shape, width], data } };
}

interface Draw {
  readonly level: 'exact' | 'legal';
  readonly weight: readonly [number, number];
  readonly ids: Shape;
  /** Ids are drawn from [0, below); default the vocabulary. A small one repeats ids often. */
  readonly below?: number;
  /** Ids reach this far outside the vocabulary on both sides; default 0. */
  readonly outside?: number;
  /** Whether the gradient is computed too; default true. */
  readonly backward?: boolean;
  readonly padding_idx?: number;
}

function sample({
  level,
  weight,
  ids,
  below = weight[0],
  outside = 0,
  backward = true,
  padding_idx,
}: Draw): SampleOf<typeof signature> {
  const [vocabulary, width] = weight;
  const params = padding_idx === undefined ? {} : { padding_idx };
  const note = below < vocabulary ? { distinct: below } : outside > 0 ? { outside } : {};
  return {
    level,
    label: { weight: formatShape(weight), ids: formatShape(ids), ...note, ...params },
    params,
    inputs: (random) => ({
      weight: hostTensorFrom(
        'f32',
        weight,
        random.fill(vocabulary * width, () =>
          level === 'exact' ? random.integer(-99, 99) : random.normal(),
        ),
      ),
      ids: filledTensor('i32', ids, () => random.integer(-outside, below - 1 + outside)),
    }),
    ...(backward
      ? {
          grads: (random) => ({
            y: hostTensorFrom(
              'f32',
              [...ids, width],
              random.fill(sizeOf(ids) * width, () =>
                level === 'exact' ? random.integer(-99, 99) : random.normal(),
              ),
            ),
          }),
        }
      : {}),
  };
}

/**
 * torch.nn.functional.embedding; ids outside the vocabulary read the nearest row, where torch
 * refuses them.
 */
export const record = defineRecord(signature, {
  summary: 'y = weight[ids]',
  forward: (inputs, params) => gathered(inputs, params, inputs),
  forwardDetached: gathered,
  acceptance: () => ({ y: { kind: 'exact' } }),
  vjp: (inputs, params, grads) => ({
    weight: scatter(gatherOf(inputs, params), grads.y.data),
  }),
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => {
    const gather = gatherOf(inputs, params);
    const condition = scatter(gather, grads.y.data.map(Math.abs)).data;
    const counts = scatter(
      gather,
      grads.y.data.map(() => 1),
    ).data;
    const levels = counts.map((n) => sumLevels(n, depth));
    return {
      weight: {
        kind: 'within',
        bound: condition.map(
          (x, i) => gamma(levels[i] as number) * x + FLUSH * (counts[i] as number),
        ),
        typical: condition.map(
          (x, i) =>
            4 * Math.sqrt(levels[i] as number) * HALF_EPS * x + FLUSH * (counts[i] as number),
        ),
      },
    };
  },
  samples: [
    sample({ level: 'exact', weight: [37, 19], ids: [5, 13] }),
    sample({ level: 'exact', weight: [1, 1], ids: [1] }),
    sample({ level: 'exact', weight: [37, 19], ids: [131], below: 3 }),
    sample({ level: 'exact', weight: [16, 7], ids: [41], outside: 5 }),
    sample({ level: 'exact', weight: [7, 5], ids: [40], padding_idx: 0 }),
    sample({ level: 'legal', weight: [7, 5], ids: [6, 8], padding_idx: -3 }),
    // Whole workgroups without an invocation to spare.
    sample({ level: 'exact', weight: [70, 2], ids: [64] }),
    // More than 65,535 workgroups of 64, so that the grid has a second dimension.
    sample({ level: 'exact', weight: [3, 66_000], ids: [65], backward: false }),
    sample({ level: 'legal', weight: [256, 32], ids: [9, 16] }),
    // A table; a step uses a small part of it, some of it often.
    sample({ level: 'exact', weight: [50_257, 2], ids: [513], below: 200 }),
    sample({ level: 'legal', weight: [5, 33], ids: [300], below: 2 }),
  ],
  faults: [
    {
      name: 'next row read',
      shader: {
        file: 'nn/embedding',
        from: 'return id * dims.width',
        to: 'return (id ^ 1u) * dims.width',
      },
    },
    {
      name: "the next id's rows summed",
      direction: 'backward',
      shader: {
        file: 'nn/embedding_backward',
        from: 'chain[id]',
        to: 'chain[id + 1u]',
      },
    },
  ],
  plausibleBugs: [
    inputBug('id off by one', 'ids', (id) => id + 1),
    inputBug('id off by minus one', 'ids', (id) => id - 1),
    inputBug('weight wrong by 2e-5', 'weight', (x) => x * (1 + 2e-5)),
    paramsBug('padding like any row', () => ({})),
  ],
});
