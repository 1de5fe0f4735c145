import { expect, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { quantizeBlocks, quantizers } from './quantize.ts';

test.each([
  ['sixteen lanes on a GPU', false, 16],
  ['one invocation on a processor', true, 1],
])('the largest element of a block is found by %s', async (_, isFallback, lanes) => {
  const { gpu } = await hostGpu({ isFallback });
  using weight = Tensor.zeros(gpu, [2, 64]);
  const { trace } = gpu.trace(() =>
    quantizeBlocks(gpu, weight, { quant_type: 'nf4', blocksize: 64 }),
  );
  const [first] = trace.commands.flatMap((command) =>
    command.kind === 'dispatch' ? [command.launch] : [],
  );
  expect([first?.shader.file, first?.constants]).toEqual([
    'quant/block_absmax',
    { STORAGE: 0, LANES: lanes },
  ]);
});

test('statistics of a weight in halves stay in float32, compressed or not', async () => {
  const { gpu } = await hostGpu();
  const quantize = quantizers.get('quantize_4bit');
  const weight = Tensor.empty(gpu, 'f16', [2, 64]);
  const dtypesOf = (compress_statistics: boolean) => {
    const params = { quant_type: 'nf4', blocksize: 64, compress_statistics };
    const outputs = quantize?.forward(gpu, { weight }, params) ?? {};
    return Object.fromEntries(
      Object.entries<Tensor>({ ...outputs }).map(([name, { dtype }]) => [name, dtype]),
    );
  };
  const codes = { packed: 'u8', absmax: 'f32', dequant: 'f16' };
  expect(dtypesOf(false)).toEqual(codes);
  const nested = { absmax_q: 'u8', nested_absmax: 'f32', nested_offset: 'f32' };
  expect(dtypesOf(true)).toEqual({ ...codes, ...nested });
});
