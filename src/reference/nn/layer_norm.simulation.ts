import { layerNorm as signature } from '../../vocabulary/nn/layer_norm.ts';
import type { Normalization } from '../../vocabulary/nn/norm.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineSimulation } from '../define.ts';
import { sumToSize } from '../matmul/multiply.simulation.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { rowDot, rowSum } from '../simulation/sums.ts';
import { normSample } from './norm/samples.ts';

interface Row {
  readonly rstd: number;
  /** (x - mean) * rstd. */
  readonly z: readonly number[];
}

function rowOf(gpu: SimulatedGpu, variant: string, x: Float64Array, eps: number): Row {
  const mean = gpu.div(rowSum(gpu, variant, x), x.length);
  const away = Array.from(x, (value) => gpu.sub(value, mean));
  const squares = rowDot(gpu, variant, away, away);
  const rstd = gpu.inverseSqrt(gpu.add(gpu.div(squares, x.length), Math.fround(eps)));
  return { rstd, z: away.map((value) => gpu.mul(value, rstd)) };
}

function rowsOf(
  gpu: SimulatedGpu,
  { x, weight }: InputsOf<Normalization, Value>,
  { eps }: ParamsOf<Normalization>,
  variant: string,
): readonly Row[] {
  const width = weight.data.length;
  return Array.from({ length: x.data.length / width }, (_, i) =>
    rowOf(gpu, variant, x.data.subarray(i * width, (i + 1) * width), eps),
  );
}

function slopesOf(
  gpu: SimulatedGpu,
  variant: string,
  { rstd, z }: Row,
  weight: Float64Array,
  dy: Float64Array,
): number[] {
  const g = Array.from(weight, (w, c) => gpu.mul(w, dy[c] as number));
  const mean = gpu.div(rowSum(gpu, variant, g), z.length);
  const along = gpu.div(rowDot(gpu, variant, g, z), z.length);
  return z.map((value, c) =>
    gpu.mul(rstd, gpu.mulAdd(-value, along, gpu.sub(g[c] as number, mean))),
  );
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params, variant) => {
    const { x, weight, bias } = inputs;
    const data = rowsOf(gpu, inputs, params, variant).flatMap(({ z }) =>
      z.map((value, c) => {
        const scaled = gpu.mul(weight.data[c] as number, value);
        return bias ? gpu.add(scaled, bias.data[c] as number) : scaled;
      }),
    );
    return { y: { shape: x.shape, data: Float64Array.from(data) } };
  },
  backward: (gpu, inputs, params, grads, variant) => {
    const { x, weight, bias } = inputs;
    const dy = grads.y.data;
    const width = weight.data.length;
    const rows = rowsOf(gpu, inputs, params, variant);
    const data = rows.flatMap((row, i) =>
      slopesOf(gpu, variant, row, weight.data, dy.subarray(i * width, (i + 1) * width)),
    );
    const dweight = weight.data.map((_, c) =>
      rows.reduce(
        (sum, { z }, i) => gpu.mulAdd(dy[i * width + c] as number, z[c] as number, sum),
        0,
      ),
    );
    return {
      x: { shape: x.shape, data: Float64Array.from(data) },
      weight: { shape: weight.shape, data: dweight },
      ...(bias ? { bias: sumToSize(gpu, grads.y, weight.shape) } : {}),
    };
  },
  samples: [
    normSample({ x: [31, 64] }),
    normSample({ x: [64, 7], mean: 3, bias: true }),
    normSample({ x: [2, 1024], mean: 1 }),
    normSample({ x: [1, 4096] }),
  ],
});
