import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { crossEntropy as signature } from '../../vocabulary/nn/cross_entropy.ts';
import {
  completed,
  type GivenParams,
  type InputsOf,
  type ParamsOf,
} from '../../vocabulary/signature.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import type { Value } from '../record.ts';
import { drawTensor } from '../simulation/draw.ts';
import { farExp } from '../simulation/far-exp.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { rowOf, workgroupSum } from '../simulation/sums.ts';
import { rowsOf } from './cross_entropy.ts';

type Params = ParamsOf<typeof signature>;
type Rows = ReturnType<typeof rowsOf>;

/** What the rows' kernel leaves for the others. */
interface RowStats {
  readonly largest: number;
  readonly sum: number;
  readonly targetWeight: number;
  readonly weights: number;
  readonly loss: number;
}

/** The problem as rows, and the scalars as the host rounds them. */
function layoutOf(inputs: InputsOf<typeof signature, Value>, params: Params) {
  const rows = rowsOf(inputs, params);
  const smoothing = params.label_smoothing;
  return { rows, keep: Math.fround(1 - smoothing), spread: Math.fround(smoothing / rows.classes) };
}

type Layout = ReturnType<typeof layoutOf>;

/** How an invocation of a variant adds what it has of a row. */
const addedAs = (variant: string): string =>
  ['parts', 'neighbours'].includes(variant) ? 'row-per-invocation' : variant;

/** Parts of a row of so many classes, by variant. */
export function partsOfRow(classes: number, variant: string): number {
  const fewest = Math.ceil(classes / 512);
  return variant === 'neighbours'
    ? Math.max(fewest, Math.min(32, Math.ceil(classes / 16)))
    : fewest;
}

/** What each part of a row gives: every parts-th class. */
function partsOf(gpu: SimulatedGpu, { rows, spread }: Layout, row: number, variant: string) {
  const parts = partsOfRow(rows.classes, variant);
  return Array.from({ length: parts }, (_, part) => {
    const own = Array.from(
      { length: Math.ceil((rows.classes - part) / parts) },
      (_, i) => part + i * parts,
    );
    const largest = own.reduce((most, c) => Math.max(most, rows.at(row, c)), -Infinity);
    const below = (i: number) => gpu.sub(rows.at(row, own[i] as number), largest);
    const weight = (i: number) => rows.weight(own[i] as number);
    const added = (add: (sum: number, i: number) => number) =>
      rowOf(gpu, addedAs(variant), own.length, add);
    return {
      largest,
      sum: added((sum, i) => gpu.add(sum, farExp(gpu, below(i)))),
      weights: spread > 0 ? added((sum, i) => gpu.add(sum, weight(i))) : 0,
      away: spread > 0 ? added((sum, i) => gpu.mulAdd(-weight(i), below(i), sum)) : 0,
    };
  });
}

function statsOf(gpu: SimulatedGpu, layout: Layout, row: number, variant: string): RowStats {
  const { rows, keep, spread } = layout;
  const parts = partsOf(gpu, layout, row, variant);
  const largest = parts.reduce(
    (most, part) => Math.max(most, part.largest),
    Number.NEGATIVE_INFINITY,
  );
  let sum = 0;
  let weights = 0;
  let away = 0;
  for (const part of parts) {
    sum = gpu.mulAdd(part.sum, farExp(gpu, gpu.sub(part.largest, largest)), sum);
    away = gpu.add(away, gpu.mulAdd(part.weights, gpu.sub(largest, part.largest), part.away));
    weights = gpu.add(weights, part.weights);
  }
  const target = rows.target(row);
  if (target < 0) return { largest, sum, targetWeight: 0, weights, loss: 0 };
  const targetWeight = rows.weight(target);
  const nll = gpu.add(gpu.log(sum), gpu.sub(largest, rows.at(row, target)));
  const rest = gpu.mul(spread, gpu.mulAdd(weights, gpu.log(sum), away));
  return {
    largest,
    sum,
    targetWeight,
    weights,
    loss: gpu.mulAdd(keep, gpu.mul(targetWeight, nll), rest),
  };
}

/** Statistics of every row, and the loss with what it was divided by. */
function lossOf(gpu: SimulatedGpu, layout: Layout, { reduction }: Params, variant: string) {
  const stats = layout.rows.all.map((row) => statsOf(gpu, layout, row, variant));
  const losses = stats.map(({ loss }) => loss);
  if (reduction === 'none') return { stats, loss: losses, normalizer: 1 };
  const sum = workgroupSum(gpu, losses);
  if (reduction === 'sum') return { stats, loss: [sum], normalizer: 1 };
  const normalizer = workgroupSum(
    gpu,
    stats.map(({ targetWeight }) => targetWeight),
  );
  return { stats, loss: [gpu.div(sum, normalizer)], normalizer };
}

function slopeOf(
  gpu: SimulatedGpu,
  { rows, keep, spread }: Layout,
  stat: RowStats,
  row: number,
  c: number,
): number {
  const p = gpu.div(farExp(gpu, gpu.sub(rows.at(row, c), stat.largest)), stat.sum);
  const onehot = c === rows.target(row) ? 1 : 0;
  const own = gpu.mul(stat.targetWeight, gpu.sub(p, onehot));
  if (spread === 0) return gpu.mul(keep, own);
  const rest = gpu.mulAdd(stat.weights, p, -rows.weight(c));
  return gpu.mulAdd(spread, rest, gpu.mul(keep, own));
}

/** Calls `visit` for every logit, and puts what it returns in the logit's place. */
function mapLogits(logits: Value, rows: Rows, visit: (row: number, c: number) => number): Value {
  const data = new Float64Array(logits.data.length);
  for (const row of rows.all) {
    for (let c = 0; c < rows.classes; c++) data[rows.flat(row, c)] = visit(row, c);
  }
  return { shape: logits.shape, data };
}

function sample(
  logits: Shape,
  params: GivenParams<typeof signature>,
  deviation: number,
): SampleOf<typeof signature> {
  const { reduction } = completed(signature, params);
  const [count, classes] = logits as [number, number];
  return {
    level: 'legal',
    label: { logits: formatShape(logits), reduction, deviation },
    params,
    inputs: (random) => ({
      logits: hostTensorFrom(
        'f32',
        logits,
        random.fill(count * classes, () => random.normal(deviation)),
      ),
      labels: hostTensorFrom(
        'i32',
        [count],
        random.fill(count, () => random.integer(0, classes - 1)),
      ),
    }),
    grads: (random) => ({ loss: drawTensor(random, reduction === 'none' ? [count] : [1]) }),
  };
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params, variant) => {
    const layout = layoutOf(inputs, params);
    const { stats, loss } = lossOf(gpu, layout, params, variant);
    const log_probs = mapLogits(inputs.logits, layout.rows, (row, c) => {
      const { largest, sum } = stats[row] as RowStats;
      return gpu.sub(gpu.sub(layout.rows.at(row, c), largest), gpu.log(sum));
    });
    const shape = params.reduction === 'none' ? inputs.labels.shape : [1];
    return { loss: { shape, data: Float64Array.from(loss) }, log_probs };
  },
  backward: (gpu, inputs, params, grads, variant) => {
    const layout = layoutOf(inputs, params);
    const { stats, normalizer } = lossOf(gpu, layout, params, variant);
    const dloss = grads.loss.data;
    return {
      logits: mapLogits(inputs.logits, layout.rows, (row, c) => {
        if (layout.rows.target(row) < 0) return 0;
        const incoming =
          params.reduction === 'none'
            ? (dloss[row] as number)
            : gpu.div(dloss[0] as number, normalizer);
        return gpu.mul(incoming, slopeOf(gpu, layout, stats[row] as RowStats, row, c));
      }),
    };
  },
  samples: [
    sample([9, 64], { reduction: 'none' }, 1),
    sample([3, 1024], { reduction: 'none', label_smoothing: 0.1 }, 2),
    sample([2, 4096], { reduction: 'none' }, 4),
    sample([300, 5], {}, 10),
  ],
});
