import { expect, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { quantizeBlocks } from './quantize.ts';

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
