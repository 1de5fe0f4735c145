import backwardShader from '../../../shaders/nn/cross_entropy_backward.wgsl';
import partsShader from '../../../shaders/nn/cross_entropy_parts.wgsl';
import rowsShader from '../../../shaders/nn/linear_cross_entropy_rows.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, linearGrid, u32 } from '../../gpu/shader.ts';
import { bytesPerElement } from '../../tensor/dtype.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, matrixOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  type Chunk,
  chunksOf,
  classesAtOnce,
  linearCrossEntropy as signature,
  tableParts,
} from '../../vocabulary/nn/linear_cross_entropy.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { multiply } from '../matmul/product.ts';
import { PRODUCT_VARIANTS } from '../matmul/tiles.ts';
import { partsOfRow } from './cross_entropy.ts';
import { type LossRows, lossRows, reduceLosses } from './loss-rows.ts';

const KERNELS = [
  'nn/cross_entropy_parts',
  'nn/linear_cross_entropy_rows',
  'nn/cross_entropy_reduce',
  'nn/cross_entropy_backward',
];

const withProducts = (variant: keyof typeof PRODUCT_VARIANTS) => ({
  ...PRODUCT_VARIANTS[variant],
  kernels: [...KERNELS, ...PRODUCT_VARIANTS[variant].kernels],
});

/**
 * The loss of `cross_entropy(x weight^T, labels)`, a chunk of classes after the other: no more than
 * the logits of a chunk are there at once, in the backward pass with their gradients. x: f32 [...,
 * H]; weight: f32 [V, H], whose last rows may be in more0, more1, ...; labels: i32 [...], one ahead with `shift`; loss: [1], or labels' shape without
 * reduction. `row_stats` ([rows, 4]: max, sum of exp, whether the label counts, its logit), `targets`
 * and, with a reduction, `normalizer` are for the backward pass, which computes the logits again:
 * three products of a frozen weight in all, four of one that is trained. Throws ShapeError when
 * shapes do not fit.
 */
export const linearCrossEntropy = launcher(signature, {
  saves: ['row_stats', 'targets', 'normalizer?'],
  variants: {
    register: withProducts('register'),
    subgroup: withProducts('subgroup'),
    tiled: withProducts('tiled'),
  },
  storage: { keeps: ['row_stats', 'normalizer'] },
  forward: (gpu, inputs, params, variant) => {
    const { x, labels } = inputs;
    const { rows, classes, sequence, tables, chunks } = layoutOf(inputs, params, variant);
    const row_stats = Tensor.empty(gpu, 'f32', [rows, 4]);
    const targets = Tensor.empty(gpu, 'i32', [rows]);
    const losses = Tensor.empty(gpu, 'f32', labels.shape);
    for (const chunk of chunks) {
      const [, table] = tables[chunk.part] as (typeof tables)[number];
      using logits = logitsOf(gpu, x, table, chunk, variant);
      using row_parts = Tensor.empty(gpu, 'f32', [4 * rows * chunk.parts]);
      gpu.dispatch({
        shader: partsShader,
        constants: { SMOOTHED: 0 },
        // Weights of classes are not read; a binding must be there all the same.
        bindings: [logits, x, row_parts].map((tensor) => tensor.binding),
        uniforms: [rows, chunk.count, 1, chunk.parts, 0].map(u32),
        workgroups: linearGrid(rows * chunk.parts),
      });
      gpu.dispatch({
        shader: rowsShader,
        bindings: [logits, labels, row_parts, row_stats, losses, targets].map(
          (tensor) => tensor.binding,
        ),
        uniforms: [
          ...[rows, chunk.count, chunk.parts, chunk.first, classes],
          ...[params.ignore_index, sequence],
        ].map(u32),
        workgroups: linearGrid(rows),
      });
    }
    return { ...reduceLosses(gpu, losses, row_stats, params.reduction), row_stats, targets };
  },
  backward: (gpu, { inputs, outputs, grads, params, wants }, variant) => {
    const { x } = inputs;
    const { rows, tables, chunks } = layoutOf(inputs, params, variant);
    const { row_stats, targets, normalizer } = outputs;
    const dloss = grads.loss;
    const dtables = tables.map(([name, { shape }]) =>
      wants.has(name) ? Tensor.empty(gpu, 'f32', shape) : undefined,
    );
    if (!wants.has('x') && !dtables.some((dtable) => dtable)) return {};
    let dx: Tensor | undefined;
    for (const chunk of chunks) {
      const [, table] = tables[chunk.part] as (typeof tables)[number];
      using logits = logitsOf(gpu, x, table, chunk, variant);
      using dlogits = Tensor.empty(gpu, 'f32', logits.shape);
      gpu.dispatch({
        shader: backwardShader,
        constants: { SMOOTHED: 0 },
        bindings: [logits, row_stats, targets, logits, dloss, normalizer ?? dloss, dlogits].map(
          (tensor) => tensor.binding,
        ),
        uniforms: [
          ...[rows, chunk.count, 1, chunk.parts, 0, normalizer ? 1 : 0, chunk.first].map(u32),
          ...[f32(1), f32(0)],
        ],
        workgroups: linearGrid(rows * chunk.parts),
      });
      const dtable = dtables[chunk.part];
      if (dtable) {
        const own = { a: dlogits, b: asRows(x), transpose_a: true };
        using part = multiply(gpu, own, variant);
        rowsOf(dtable, chunk).copyFrom(part);
      }
      if (wants.has('x')) {
        using before = dx;
        const shape = chunk === chunks.at(-1) ? { shape: x.shape } : {};
        const sum = { a: dlogits, b: rowsOf(table, chunk), bias: before, ...shape };
        dx = multiply(gpu, sum, variant);
      }
    }
    const ofTables = tables.map(([name], i) => [name, dtables[i]]);
    return { ...(dx ? { x: dx } : {}), ...Object.fromEntries(ofTables) };
  },
});

/** Classes whose logits are there at once, and how many invocations share them in a row. */
interface SharedChunk extends Chunk {
  readonly parts: number;
}

type Inputs = InputsOf<typeof signature, Tensor>;

interface Layout extends LossRows {
  /** Rows of a shifted sequence, 0 without shift. */
  readonly sequence: number;
  readonly tables: ReturnType<typeof tableParts<Tensor>>;
  readonly chunks: readonly SharedChunk[];
}

/** Rows that few lanes go through, or many that read neighbouring classes. */
const PARTS = { register: 'parts', subgroup: 'parts', tiled: 'neighbours' } as const;

function layoutOf(
  inputs: Inputs,
  { shift, ignore_index, chunk }: ParamsOf<typeof signature>,
  variant: string,
): Layout {
  const op = signature.name;
  const { x, labels } = inputs;
  const tables = tableParts(inputs);
  for (const [name, { shape }] of tables)
    if (shape.length !== 2 || x.shape.at(-1) !== shape[1])
      throw new ShapeError(
        `${op}: x ${formatShape(x.shape)} and ${name} ${formatShape(shape)} do not fit`,
      );
  const ofParts = tables.map(([, { shape }]) => shape[0] as number);
  const classes = ofParts.reduce((sum, count) => sum + count, 0);
  if (shift && labels.shape.length > 2)
    throw new ShapeError(
      `${op} with shift: labels ${formatShape(labels.shape)} are neither [S] nor [B, S]`,
    );
  const scores = [...x.shape.slice(0, -1), classes];
  const rows = lossRows({
    ...{ op, scores, labels: labels.shape, weight: undefined },
    ...{ ignore_index, classesLast: true },
  });
  const most = chunk ?? classesAtOnce(rows.rows);
  const chunks = chunksOf(ofParts, most).map((one) => ({
    ...one,
    parts: partsOfRow(one.count, PARTS[variant as keyof typeof PARTS]),
  }));
  return { ...rows, sequence: shift ? (labels.shape.at(-1) as number) : 0, tables, chunks };
}

/** The rows of a chunk in the tensor that has them, [V, H], or in its gradient. */
function rowsOf(table: Tensor, { start, count }: Chunk): Tensor {
  const width = table.shape[1] as number;
  const offset = start * width * bytesPerElement(table.dtype);
  return table.view([count, width], { offset });
}

/** All but the last dimension as one. */
const asRows = (x: Tensor): Tensor => x.view(matrixOf(x.shape));

function logitsOf(gpu: Gpu, x: Tensor, table: Tensor, chunk: Chunk, variant: string): Tensor {
  return multiply(gpu, { a: asRows(x), b: rowsOf(table, chunk), transpose_b: true }, variant);
}
