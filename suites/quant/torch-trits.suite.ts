import { float64Of, type StoredTensor } from '../../src/formats/safetensors/stored.ts';
import { ternarize } from '../../src/ops/quant/ternarize.ts';
import type { HostTensor } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { goldenOf } from './goldens/golden.ts';
import { value } from './values.ts';

export const torchTrits = suite('quant.torch-trits', {
  description: 'Trits beside those that torch gave of the same floats',
});

const ROW = 'triton.quantization.gpu-quantization';

async function expectTorchs(t: CaseContext, name: string): Promise<void> {
  const { inputs, outputs } = await goldenOf(t, name);
  using weight = Tensor.from(t.gpu, inputs['weight'] as HostTensor);
  using threshold = Tensor.from(t.gpu, inputs['threshold'] as HostTensor);
  using trits = ternarize.forward(t.gpu, { weight, threshold }, {}).trits;
  const stored = outputs['trits'] as StoredTensor;
  const expected = { shape: stored.shape, data: float64Of(stored) };
  t.expectEqual('trits', value(await trits.read()), expected);
}

torchTrits
  .case('normal')
  .covers(`${ROW}/trits-equal`)
  .desc('Of 31 x 33 floats that were recorded, the trits at 0.33 are those of torch.')
  .control('a threshold three quarters as large', (fault) =>
    fault.shader('quant/ternary_encode', 'abs(x) > limit', 'abs(x) > 0.75 * limit'),
  )
  .run((t) => expectTorchs(t, 'trits'));

torchTrits
  .case('near')
  .covers(`${ROW}/near-threshold`)
  .desc(
    'Of the threshold, of the float before and the float after it, of their negatives and of both zeros, the trits are those of torch.',
  )
  .control('what lies on the threshold is kept', (fault) =>
    fault.shader('quant/ternary_encode', 'abs(x) > limit', 'abs(x) >= limit'),
  )
  .run((t) => expectTorchs(t, 'trits-near'));
