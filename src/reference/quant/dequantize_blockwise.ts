import { createDynamicMap } from '../../quant/dynamic/map.ts';
import { filledTensor, hostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { dequantizeBlockwise as signature } from '../../vocabulary/quant/dequantize_blockwise.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { unsupportedBlock } from './blocks.ts';

/** Each code's value and the scale of its block, multiplied. */
function decoded(
  { q: { shape, data }, code, absmax }: InputsOf<typeof signature, Value>,
  { blocksize }: ParamsOf<typeof signature>,
  multiply: (value: number, scale: number) => number,
): Value {
  const values = data.map((c, i) =>
    multiply(code.data[c] as number, absmax.data[Math.floor(i / blocksize)] as number),
  );
  return { shape, data: values };
}

function sample(shape: Shape, blocksize: number, signed = true): SampleOf<typeof signature> {
  const blocks = Math.ceil(sizeOf(shape) / blocksize);
  return {
    level: 'legal',
    label: { q: formatShape(shape), block: blocksize, signed },
    params: { blocksize },
    inputs: (random) => ({
      q: filledTensor('u8', shape, () => random.integer(0, 255)),
      code: hostTensor('f32', [256], createDynamicMap(signed)),
      absmax: hostTensorFrom(
        'f32',
        [blocks],
        random.fill(blocks, () => random.uniform(0.5, 4)),
      ),
    }),
  };
}

/** bitsandbytes.functional.dequantize_blockwise. */
export const record = defineRecord(signature, {
  summary: 'y = code[q] * absmax of its block',
  unsupported: (_inputs, { blocksize }) => unsupportedBlock(blocksize),
  forward: (inputs, params) => ({ y: decoded(inputs, params, (value, scale) => value * scale) }),
  acceptance: (_inputs, { y }) => ({
    y: { kind: 'within', bound: y.data.map((x) => EPS * Math.abs(x) + FLUSH) },
  }),
  samples: [
    sample([37, 53], 64),
    sample([1000], 256, false),
    sample([3, 33], 32),
    sample([1], 4096),
    sample([1029], 512),
  ],
  faults: [
    {
      name: 'codes in reversed bytes',
      shader: { file: 'quant/dequantize_blockwise', from: '>> (8u * k)', to: '>> (24u - 8u * k)' },
    },
  ],
  plausibleBugs: [
    paramsBug('block size doubled', ({ blocksize }) => ({ blocksize: 2 * blocksize })),
    inputBug('the next code', 'q', (code) => code ^ 1),
    inputBug('map wrong by 2e-5', 'code', (x) => x * (1 + 2e-5)),
    inputBug('absmax wrong by 2e-5', 'absmax', (x) => x * (1 + 2e-5)),
    inputBug('last code dropped', 'q', (code, i, { data }) =>
      i === data.length - 1 ? 255 - code : code,
    ),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => ({
    y: decoded(inputs, params, (value, scale) => gpu.mul(value, scale)),
  }),
});
