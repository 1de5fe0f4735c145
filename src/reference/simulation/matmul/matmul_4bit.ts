import { FOUR_BIT_CODES } from '../../../quant/four-bit-tables.ts';
import { formatShape, type Shape } from '../../../tensor/shape.ts';
import { drawWeight, type Matmul4bitParams } from '../../matmul/matmul_4bit.ts';
import type { Sample, Value, Values } from '../../record.ts';
import { drawTensor } from '../draw.ts';
import type { SimulatedGpu } from '../simulated-gpu.ts';
import type { Simulation } from '../simulation.ts';
import type { SumOrder } from '../sums.ts';
import { multiply } from './multiply.ts';

/** The weight as the kernels decode it: a product of the code's value and the block's scale. */
export function decode(gpu: SimulatedGpu, { packed, absmax }: Values, params: Omit<Matmul4bitParams, 'transpose_weight'>): Value {
  const { quant_type, blocksize, out_features, in_features } = params;
  const [bytes, scales] = [(packed as Value).data, (absmax as Value).data];
  const data = Float64Array.from({ length: out_features * in_features }, (_, i) => {
    const code = ((bytes[i >> 1] as number) >> (i % 2 === 0 ? 4 : 0)) & 15;
    return gpu.mul(FOUR_BIT_CODES[quant_type][code] as number, scales[Math.floor(i / blocksize)] as number);
  });
  return { shape: [out_features, in_features], data };
}

/** Eight terms at a time by rows of the weight; by its columns one at a time, or four where a quad shares them. */
export function fourBitOrder(variant: string, transposed: boolean): SumOrder {
  if (transposed) return 'octets';
  return variant === 'subgroup' ? 'quads' : 'chain';
}

/** x W^T, or x W. */
export function multiply4bit(gpu: SimulatedGpu, x: Value, inputs: Values, params: Matmul4bitParams, variant: string): Value {
  const { transpose_weight = true } = params;
  const weight = decode(gpu, inputs, params);
  const last = x.shape.at(-1) as number;
  const rows = { ...x, shape: [x.data.length / last, last] };
  const y = multiply(gpu, fourBitOrder(variant, transpose_weight), [rows, weight, false, transpose_weight]);
  return { ...y, shape: [...x.shape.slice(0, -1), y.shape[1] as number] };
}

function sample(x: Shape, out_features: number, blocksize: number): Sample<Matmul4bitParams> {
  const in_features = x.at(-1) as number;
  const params = { quant_type: 'nf4', blocksize, out_features, in_features } as const;
  return {
    layer: 'legal',
    label: { x: formatShape(x), out: out_features, block: blocksize },
    params,
    inputs: (random) => ({
      x: drawTensor(random, x),
      ...drawWeight(random, 'legal', { ...params, elements: out_features * in_features }),
    }),
  };
}

export const simulation: Simulation<Matmul4bitParams> = {
  op: 'matmul_4bit',
  forward: (gpu, inputs, params, variant) => ({ y: multiply4bit(gpu, inputs['x'] as Value, inputs, params, variant) }),
  backward: (gpu, inputs, params, grads, variant) => ({
    x: multiply4bit(gpu, grads['y'] as Value, inputs, { ...params, transpose_weight: !(params.transpose_weight ?? true) }, variant),
  }),
  samples: [sample([3, 1024], 33, 64), sample([2, 4096], 5, 4096)],
};
