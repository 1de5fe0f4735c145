import { encodeBlocks } from '../../src/ops/quant/quantize_blockwise.ts';
import { createDynamicMap } from '../../src/quant/dynamic/map.ts';
import { hostTensor, hostTensorFrom } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { suite } from '../../src/testing/suite.ts';
import { value } from './values.ts';

export const blockwise = suite('quant.blockwise', {
  description: '8-bit codes of a map where one bit decides.',
});

blockwise
  .case('ties')
  .desc(
    'In a block whose absmax is 1, the middle between two values of the dynamic map takes the lower code wherever it is a float32.',
  )
  .control('ties go up', (fault) =>
    fault.shader(
      'quant/quantize_blockwise',
      'map[high] - y < y - map[low]',
      'map[high] - y <= y - map[low]',
    ),
  )
  .run(async (t) => {
    const values = createDynamicMap(true);
    const ties = Array.from(values.subarray(1), (high, code) => ({
      code,
      low: values[code] as number,
      high,
    }))
      .map(({ code, low, high }) => ({
        code,
        middle: (low + high) / 2,
        isTie: (low + high) / 2 - low === high - (low + high) / 2,
      }))
      .filter(({ middle, isTie }) => isTie && Math.fround(middle) === middle);
    t.expect(ties.length > 100, () => `${ties.length} middles are float32 values`);
    using map = Tensor.from(t.gpu, hostTensor('f32', [256], values));
    using x = Tensor.from(
      t.gpu,
      hostTensorFrom('f32', [ties.length + 1], [1, ...ties.map(({ middle }) => middle)]),
    );
    const codes = encodeBlocks(t.gpu, x, map, { blocksize: 256, rounding: 'nearest' }, 'serial');
    using q = codes.q;
    using absmax = codes.absmax;
    t.expectEqual('absmax', value(await absmax.read()), { shape: [1], data: Float64Array.of(1) });
    t.expectEqual('q', value(await q.read()), {
      shape: x.shape,
      data: Float64Array.of(255, ...ties.map(({ code }) => code)),
    });
  });
