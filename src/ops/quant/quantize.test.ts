import { expect, test, vi } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { launchesIn } from '../../gpu/trace.ts';
import { mapped } from '../../graph/call.ts';
import type { BlockFormat } from '../../quant/format.ts';
import { blockFormatOf, blockFormats } from '../../quant/registry.ts';
import { Tensor, type Tensors } from '../../tensor/tensor.ts';
import { launchesOf } from '../fixtures/launches.ts';
import { uniformsByName } from '../fixtures/uniforms-by-name.ts';
import type { Launcher } from '../launcher.ts';
import { launchers } from '../registry.ts';
import { quantizeBlocks, quantizedWeight } from './quantize.ts';

test.each([
  ['sixteen lanes on a GPU', 32, 64, ['block_absmax 16', 'quantize 0']],
  ['one invocation on a processor', 8, 128, ['block_absmax 1', 'quantize 0']],
  ['what makes codes on a processor, of one that it holds', 8, 64, ['quantize 1']],
])(
  'the largest element of a block is found by %s',
  async (_, widestSubgroup, blocksize, kernels) => {
    const { gpu } = await hostGpu({ widestSubgroup });
    using weight = Tensor.zeros(gpu, [2, 64]);
    const { trace } = gpu.trace(() =>
      quantizeBlocks(gpu, weight, { quant_type: 'nf4', blocksize }),
    );
    const launched = launchesIn(trace.commands).map(
      ({ shader, constants }) =>
        `${shader.file.replace('quant/', '')} ${constants?.['LANES'] ?? constants?.['FOUND']}`,
    );
    expect(launched).toEqual(kernels);
  },
);

test('a weight has blocks of its format where no size is asked for', async () => {
  const { gpu } = await hostGpu();
  using weight = Tensor.zeros(gpu, [3, 128]);
  const nf4 = blockFormatOf('nf4');
  const { blocksize, parts } = quantizedWeight(gpu, weight, nf4);
  expect([blocksize, parts.absmax?.shape]).toEqual([64, [6]]);
  const byRow = quantizedWeight(gpu, weight, { ...nf4, blocks: 'row' });
  expect([byRow.blocksize, byRow.parts.absmax?.shape]).toEqual([128, [3]]);
  using cube = Tensor.zeros(gpu, [3, 2, 128]);
  expect(quantizedWeight(gpu, cube, { ...nf4, blocks: 'row' }).blocksize).toBe(128);
});

test('scales are kept as their format stores them, and nothing else is', async () => {
  const { gpu } = await hostGpu();
  using weight = Tensor.zeros(gpu, [2, 64]);
  const halves = { ...blockFormatOf('nf4'), scales: 'f16' } as const;
  const get = vi.spyOn(blockFormats as Map<string, BlockFormat>, 'get').mockReturnValue(halves);
  try {
    const { packed, absmax } = quantizeBlocks(gpu, weight, { quant_type: 'nf4', blocksize: 64 });
    expect([packed.dtype, absmax.dtype]).toEqual(['u8', 'f16']);
    expect(gpu.memory.ledger.liveBuffers).toBe(3);
  } finally {
    get.mockRestore();
  }
});

test('scales are compressed in blocks of 256, each to the nearest code, where nothing is said', async () => {
  const launches = await launchesOf('quantize_4bit', {
    inputs: { weight: [257, 64] },
    params: { quant_type: 'nf4', blocksize: 64, compress_statistics: true },
  });
  const encoded = launches.find(({ shader }) => shader.file === 'quant/quantize_blockwise');
  expect(encoded && uniformsByName(encoded)).toEqual({ n: 257, block: 256 });
  expect(encoded?.constants).toEqual({ LUT16: 0 });
});

const NESTED = { absmax_q: 'u8', nested_absmax: 'f32', nested_offset: 'f32' };
const nf4 = { quant_type: 'nf4', blocksize: 64 };

test.each<[string, string, object, object]>([
  ['quantize_4bit', 'weight', nf4, { packed: 'u8', absmax: 'f32', dequant: 'f16' }],
  [
    'quantize_4bit',
    'weight',
    { ...nf4, compress_statistics: true },
    { packed: 'u8', absmax: 'f32', dequant: 'f16', ...NESTED },
  ],
  [
    'quantize_blockwise',
    'x',
    { blocksize: 64, rounding: 'nearest' },
    { q: 'u8', absmax: 'f32', dequant: 'f16' },
  ],
  [
    'ternary_quantize',
    'weight',
    {},
    { trits: 'i8', packed: 'u8', threshold: 'f32', scale: 'f32', dequant: 'f32' },
  ],
  ['abs_mean', 'weight', {}, { mean: 'f32' }],
])('%s keeps scales of a %s in halves in float32: %j', async (op, name, params, dtypes) => {
  const { gpu } = await hostGpu();
  const inputs = { [name]: Tensor.empty(gpu, 'f16', [2, 64]), code: Tensor.zeros(gpu, [256]) };
  const { forward, signature } = launchers.get(op) as Launcher;
  const known = Object.entries(inputs).filter(([input]) => input in signature.inputs);
  const outputs: Tensors = forward(gpu, Object.fromEntries(known), params);
  expect(mapped(outputs, ({ dtype }) => dtype)).toEqual(dtypes);
});
