import { linearCrossEntropy as signature } from '../../vocabulary/nn/linear_cross_entropy.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineSimulation } from '../define.ts';
import { multiply, PRODUCT_ORDER } from '../matmul/multiply.simulation.ts';
import { flatRows } from '../matmul/rows.ts';
import type { Value } from '../record.ts';
import { farExp } from '../simulation/far-exp.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { rowOf, workgroupSum } from '../simulation/sums.ts';
import { partsOfRow } from './cross_entropy.simulation.ts';
import {
  byParts,
  type LinearRows,
  linearRowsOf,
  linearSample,
  wholeTable,
} from './linear_cross_entropy.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** How a variant of the products shares out the classes of a row. */
const shared = (variant: string) => (variant === 'tiled' ? 'neighbours' : 'parts');

/** The first class of each chunk, and the one behind its last. */
const chunksOf = ({ chunks }: LinearRows) =>
  chunks.map(({ first, count }) => ({ first, end: first + count }));

/** The largest logit of a row and the sum of exponentials, joined chunk by chunk. */
function statsOf(gpu: SimulatedGpu, rows: LinearRows, row: number, variant: string) {
  const at = (j: number) => rows.logits.data[row * rows.classes + j] as number;
  let known = { largest: Number.NEGATIVE_INFINITY, sum: 0 };
  for (const { first, end } of chunksOf(rows)) {
    const count = partsOfRow(end - first, shared(variant));
    const parts = Array.from({ length: count }, (_, part) => {
      const own = Array.from(
        { length: Math.ceil((end - first - part) / count) },
        (_each, i) => first + part + i * count,
      );
      const largest = own.reduce((most, j) => Math.max(most, at(j)), Number.NEGATIVE_INFINITY);
      const sum = rowOf(gpu, 'row-per-invocation', own.length, (total, i) =>
        gpu.add(total, farExp(gpu, gpu.sub(at(own[i] as number), largest))),
      );
      return { largest, sum };
    });
    const largest = Math.max(known.largest, ...parts.map((part) => part.largest));
    let sum = first === 0 ? 0 : gpu.mul(known.sum, farExp(gpu, gpu.sub(known.largest, largest)));
    for (const part of parts)
      sum = gpu.mulAdd(part.sum, farExp(gpu, gpu.sub(part.largest, largest)), sum);
    known = { largest, sum };
  }
  return known;
}

function passOf(gpu: SimulatedGpu, inputs: Inputs, params: Params, variant: string) {
  const logits = multiply(gpu, PRODUCT_ORDER, [
    flatRows(inputs.x),
    wholeTable(inputs),
    false,
    true,
  ]);
  const rows = linearRowsOf(inputs, params, logits);
  const each = Array.from({ length: rows.rows }, (_, row) => {
    const { largest, sum } = statsOf(gpu, rows, row, variant);
    const target = rows.target(row);
    const score = logits.data[row * rows.classes + Math.max(target, 0)] as number;
    const loss = target < 0 ? 0 : gpu.add(gpu.log(sum), gpu.sub(largest, score));
    return { largest, sum, target, loss };
  });
  const losses = each.map(({ loss }) => loss);
  const counted = each.map(({ target }) => Number(target >= 0));
  const normalizer = params.reduction === 'mean' ? workgroupSum(gpu, counted) : 1;
  return { rows, each, losses, normalizer };
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params, variant) => {
    const { losses, normalizer } = passOf(gpu, inputs, params, variant);
    if (params.reduction === 'none')
      return { loss: { shape: inputs.labels.shape, data: Float64Array.from(losses) } };
    const sum = workgroupSum(gpu, losses);
    const loss = params.reduction === 'mean' ? gpu.div(sum, normalizer) : sum;
    return { loss: { shape: [1], data: Float64Array.of(loss) } };
  },
  backward: (gpu, inputs, params, grads, variant) => {
    const { rows, each, normalizer } = passOf(gpu, inputs, params, variant);
    const { classes } = rows;
    const data = new Float64Array(rows.rows * classes);
    for (const [row, { largest, sum, target }] of each.entries()) {
      if (target < 0) continue;
      const flow = grads.loss.data[params.reduction === 'none' ? row : 0] as number;
      const incoming = params.reduction === 'none' ? flow : gpu.div(flow, normalizer);
      for (let j = 0; j < classes; j++) {
        const below = gpu.sub(rows.logits.data[row * classes + j] as number, largest);
        const p = gpu.div(farExp(gpu, below), sum);
        data[row * classes + j] = gpu.mul(incoming, gpu.sub(p, Number(j === target)));
      }
    }
    const dlogits = { shape: [rows.rows, classes], data };
    const weight = wholeTable(inputs);
    const width = weight.shape[1] as number;
    let dx: Float64Array | undefined;
    for (const { first, end } of chunksOf(rows)) {
      const part = {
        shape: [rows.rows, end - first],
        data: data.filter((_, i) => i % classes >= first && i % classes < end),
      };
      const own = {
        shape: [end - first, width],
        data: weight.data.slice(first * width, end * width),
      };
      const more = multiply(gpu, PRODUCT_ORDER, [part, own, false, false]).data;
      const before = dx;
      dx = before ? more.map((sum, i) => gpu.add(sum, before[i] as number)) : more;
    }
    return {
      x: { shape: inputs.x.shape, data: dx as Float64Array },
      ...byParts(
        inputs,
        multiply(gpu, PRODUCT_ORDER, [dlogits, flatRows(inputs.x), true, false]).data,
      ),
    };
  },
  samples: [
    linearSample({ x: [5, 64], classes: 300, params: { chunk: 128, reduction: 'none' } }),
    linearSample({ x: [40, 4], classes: 9, ignoreEvery: 3 }),
    linearSample({ x: [2, 16], classes: 1500, params: { chunk: 1024 }, deviation: 10 }),
    linearSample({ x: [5, 16], classes: 300, more: [40, 130], params: { chunk: 128 } }),
  ],
});
