import { ternaryPack, ternaryUnpack } from '../../src/ops/quant/ternary_pack.ts';
import { ternaryQuantize } from '../../src/ops/quant/ternary_quantize.ts';
import { packTrits, type TritOrder, unpackTrits } from '../../src/quant/ternary/trits.ts';
import { EPS } from '../../src/reference/bounds.ts';
import { hostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { suite } from '../../src/testing/suite.ts';
import { randomTrits } from './trits.ts';
import { normals, value } from './values.ts';

export const ternary = suite('quant.ternary', {
  description:
    'Trits: the same bytes on device and host, and exactly the trits of the threshold that the device found.',
});

ternary
  .case('packed', { order: ['low', 'high'] })
  .desc(
    'The first trits of a tensor are packed on the device and on the host: equal bytes, in which those behind them do not show.',
  )
  .control('host packs in the other order', (fault) =>
    fault.host(
      'quant.packTrits',
      (pack) => (trits, order: TritOrder) => pack(trits, order === 'low' ? 'high' : 'low'),
    ),
  )
  .run(async (t) => {
    const order = t.params['order'] as TritOrder;
    const host = randomTrits(t, [1001]);
    using all = Tensor.from(
      t.gpu,
      hostTensorFrom('i8', [1008], [...host.data, ...Array(7).fill(1)]),
    );
    using packed = ternaryPack.forward(t.gpu, { trits: all.view([1001]) }, { order }).packed;
    t.expectEqual(
      'packed',
      value(await packed.read()),
      value({ shape: packed.shape, data: packTrits(host.data, order) }),
    );
  });

ternary
  .case('unpacked', { order: ['low', 'high'] })
  .desc('Bytes of trits are unpacked on the device and on the host: equal trits.')
  .control('host reads the other order', (fault) =>
    fault.host(
      'quant.unpackTrits',
      (unpack) => (bytes, count, order: TritOrder) =>
        unpack(bytes, count, order === 'low' ? 'high' : 'low'),
    ),
  )
  .run(async (t) => {
    const order = t.params['order'] as TritOrder;
    const bytes = packTrits(randomTrits(t, [1001]).data, order);
    using packed = Tensor.from(t.gpu, hostTensor('u8', [bytes.length], bytes));
    using trits = ternaryUnpack.forward(t.gpu, { packed }, { order, shape: [1001] }).trits;
    t.expectEqual(
      'trits',
      value(await trits.read()),
      value({ shape: trits.shape, data: unpackTrits(bytes, 1001, order) }),
    );
  });

ternary
  .case('own-threshold', { weight: ['130x257'] })
  .desc(
    'Given the threshold that the device found, its trits are exactly those of the definition, without a band.',
  )
  .control('negative trits lose their sign', (fault) =>
    fault.shader(
      'quant/ternary_encode',
      'select(vec4u(1u), vec4u(255u), x < vec4f())',
      'vec4u(1u)',
    ),
  )
  .run(async (t) => {
    const shape = [130, 257];
    const host = normals(t, shape);
    using weight = Tensor.from(t.gpu, host);
    const outputs = ternaryQuantize.forward(t.gpu, { weight }, {});
    try {
      const threshold = (await outputs.threshold.read()).data[0] as number;
      const expected = valuesOf(host).map((w) => (Math.abs(w) > threshold ? Math.sign(w) : 0));
      t.expectEqual('trits', value(await outputs.trits.read()), { shape, data: expected });
    } finally {
      for (const output of Object.values(outputs)) output[Symbol.dispose]();
    }
  });

ternary
  .case('at-threshold')
  .desc(
    'Weights of one size whose mean is the threshold itself: none is above it, and the scale of no trits is 0.',
  )
  .control('the scale counts what is at the threshold', (fault) =>
    fault.shader('quant/masked_abs_sum', 'magnitude > threshold', 'magnitude >= threshold'),
  )
  .run(async (t) => {
    const random = t.random();
    const signs = random.fill(64, () => 2 * random.integer(0, 1) - 1);
    using weight = Tensor.from(t.gpu, hostTensorFrom('f32', [64], signs));
    const outputs = ternaryQuantize.forward(t.gpu, { weight }, { threshold_factor: 1 });
    try {
      // The sum is exact; its quotient by 64 may be 2.5 units off where division is not exact.
      const threshold = (await outputs.threshold.read()).data[0] as number;
      t.expect(Math.abs(threshold - 1) <= 2.5 * EPS, () => `the threshold is ${threshold}`);
      const kept = threshold < 1 ? signs : new Float64Array(64);
      t.expectEqual('trits', value(await outputs.trits.read()), { shape: [64], data: kept });
      const scale = (await outputs.scale.read()).data[0] as number;
      t.expect(
        threshold < 1 ? Math.abs(scale - 1) <= 2.5 * EPS : scale === 0,
        () => `the scale is ${scale}`,
      );
    } finally {
      for (const output of Object.values(outputs)) output[Symbol.dispose]();
    }
  });
