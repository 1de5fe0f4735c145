import { dequantize_4bit } from '../../src/ops/quant/dequantize_4bit.ts';
import { quantizeTo4bit } from '../../src/ops/quant/quantize_4bit.ts';
import { ternary_pack, ternary_unpack } from '../../src/ops/quant/ternary_pack.ts';
import { ternary_quantize } from '../../src/ops/quant/ternary_quantize.ts';
import { FOUR_BIT_ASCENDING, FOUR_BIT_CODES, FOUR_BIT_THRESHOLDS, FOUR_BIT_ZERO_CODE } from '../../src/quant/four-bit-tables.ts';
import { packNibbles, unpackNibbles } from '../../src/quant/nibbles.ts';
import { packTrits, type TritOrder, unpackTrits } from '../../src/quant/trits.ts';
import { type HostData, type HostTensor, hostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const formats = suite('quant.formats', {
  description: 'Packed number formats: the device and the host read and write the same bytes.',
});

const value = ({ shape, data }: { readonly shape: readonly number[]; readonly data: ArrayLike<number> }) => ({
  shape,
  data: Float64Array.from(data),
});

function expectBytes(t: CaseContext, name: string, actual: HostTensor, expected: HostData): void {
  t.expectEqual(name, value(actual), { shape: actual.shape, data: Float64Array.from(expected) });
}

function randomTrits(t: CaseContext, count: number): HostTensor {
  const random = t.random();
  return hostTensorFrom(
    'i8',
    [count],
    random.fill(count, () => random.integer(-1, 1)),
  );
}

function normals(t: CaseContext, shape: Shape): HostTensor {
  const random = t.random();
  return hostTensorFrom(
    'f32',
    shape,
    random.fill(sizeOf(shape), () => random.normal()),
  );
}

formats
  .case('trits-packed', { order: ['low', 'high'] })
  .desc('Trits are packed on the device and on the host: equal bytes.')
  .control('host packs in the other order', (fault) =>
    fault.host('quant.packTrits', (pack) => (trits, order: TritOrder) => pack(trits, order === 'low' ? 'high' : 'low')),
  )
  .run(async (t) => {
    const order = t.params['order'] as TritOrder;
    const host = randomTrits(t, 1001);
    using trits = Tensor.from(t.gpu, host);
    using packed = ternary_pack.forward(t.gpu, { trits }, { order }).packed;
    expectBytes(t, 'packed', await packed.read(), packTrits(host.data, order));
  });

formats
  .case('trits-unpacked', { order: ['low', 'high'] })
  .desc('Bytes of trits are unpacked on the device and on the host: equal trits.')
  .control('host reads the other order', (fault) =>
    fault.host('quant.unpackTrits', (unpack) => (bytes, count, order: TritOrder) => unpack(bytes, count, order === 'low' ? 'high' : 'low')),
  )
  .run(async (t) => {
    const order = t.params['order'] as TritOrder;
    const bytes = packTrits(randomTrits(t, 1001).data, order);
    using packed = Tensor.from(t.gpu, hostTensor('u8', [bytes.length], bytes));
    using trits = ternary_unpack.forward(t.gpu, { packed }, { order, shape: [1001] }).trits;
    expectBytes(t, 'trits', await trits.read(), unpackTrits(bytes, 1001, order));
  });

formats
  .case('trits-of-own-threshold', { weight: ['130x257'] })
  .desc('Given the threshold that the device found, its trits are exactly those of the definition, without a band.')
  .control('negative trits lose their sign', (fault) => fault.shader('quant/ternary_encode', 'select(1u, 255u, 0.0 > x)', '1u'))
  .run(async (t) => {
    const shape = [130, 257];
    const host = normals(t, shape);
    using weight = Tensor.from(t.gpu, host);
    const outputs = ternary_quantize.forward(t.gpu, { weight }, {});
    try {
      const threshold = (await outputs.threshold.read()).data[0] as number;
      const expected = valuesOf(host).map((w) => (Math.abs(w) > threshold ? Math.sign(w) : 0));
      t.expectEqual('trits', value(await outputs.trits.read()), { shape, data: expected });
    } finally {
      for (const output of Object.values(outputs)) output[Symbol.dispose]();
    }
  });

formats
  .case('nibbles-decoded', { type: ['nf4', 'fp4'] })
  .desc('Codes that the host packed decode on the device to the values of the table: every code, in both nibbles.')
  .control('host swaps the nibbles', (fault) =>
    fault.host(
      'quant.packNibbles',
      (pack) => (codes: number[], padding: number) =>
        pack(
          codes.map((_, i) => codes[i ^ 1] ?? padding),
          padding,
        ),
    ),
  )
  .run(async (t) => {
    const quant_type = t.params['type'] as 'nf4' | 'fp4';
    const codes = Array.from({ length: 255 }, (_, i) => (i % 2 === 0 ? i >> 4 : i & 15));
    const bytes = packNibbles(codes, FOUR_BIT_ZERO_CODE[quant_type]);
    using packed = Tensor.from(t.gpu, hostTensor('u8', [bytes.length, 1], bytes));
    using absmax = Tensor.from(t.gpu, hostTensor('f32', [4], Float32Array.of(1, 2, 4, 0.5)));
    using y = dequantize_4bit.forward(t.gpu, { packed, absmax }, { quant_type, blocksize: 64, shape: [255] }).y;
    const scales = [1, 2, 4, 0.5];
    const expected = codes.map((code, i) => (FOUR_BIT_CODES[quant_type][code] as number) * (scales[i >> 6] as number));
    t.expectEqual('y', value(await y.read()), { shape: [255], data: Float64Array.from(expected) });
  });

formats
  .case('ties', { type: ['nf4', 'fp4'] })
  .desc('In a block whose absmax is 1 every operation is exact: a threshold takes the code below it, the float after it the code above.')
  .control('ties go up', (fault) => fault.shader('quant/quantize_4bit', 'vec4f(y) > thresholds', 'vec4f(y) >= thresholds'))
  .run(async (t) => {
    const quant_type = t.params['type'] as 'nf4' | 'fp4';
    // The neighbours of zero are denormals, which an adapter may flush.
    const thresholds = FOUR_BIT_THRESHOLDS[quant_type].flatMap((x, i) => (x === 0 ? [] : [{ x, i }]));
    const cases = [
      ...thresholds.map(({ x, i }) => ({ x, rank: i })),
      ...thresholds.map(({ x, i }) => ({ x: floatAfter(x), rank: i + 1 })),
      { x: 1, rank: 15 },
    ];
    using weight = Tensor.from(
      t.gpu,
      hostTensorFrom(
        'f32',
        [cases.length],
        cases.map(({ x }) => x),
      ),
    );
    const quantized = quantizeTo4bit(t.gpu, weight, { quant_type, blocksize: 64 });
    using packed = quantized.packed;
    using absmax = quantized.absmax;
    t.expectEqual('absmax', value(await absmax.read()), { shape: [1], data: Float64Array.of(1) });
    const codes = unpackNibbles((await packed.read()).data, cases.length);
    const decoded = (code: number) => FOUR_BIT_CODES[quant_type][code] as number;
    t.expectEqual('value', value({ shape: weight.shape, data: Array.from(codes, decoded) }), {
      shape: weight.shape,
      data: Float64Array.from(cases, ({ rank }) => decoded(FOUR_BIT_ASCENDING[quant_type][rank] as number)),
    });
  });

/** The smallest float32 above `x`, which is not zero. */
function floatAfter(x: number): number {
  const bits = new Int32Array(Float32Array.of(x).buffer);
  bits[0] = (bits[0] as number) + Math.sign(x);
  return new Float32Array(bits.buffer)[0] as number;
}

formats
  .case('zeros', { type: ['nf4', 'fp4'] })
  .desc('Blocks of zeros, a short one among them, have the code of zero, an absmax of 0 and decode to zeros.')
  .control('a zero takes the code above', (fault) =>
    fault.shader('quant/quantize_4bit', 'vec4f(y) > thresholds', 'vec4f(y) + 0.1 > thresholds'),
  )
  .run(async (t) => {
    const quant_type = t.params['type'] as 'nf4' | 'fp4';
    using weight = Tensor.from(t.gpu, hostTensor('f32', [3, 33], new Float32Array(99)));
    const quantized = quantizeTo4bit(t.gpu, weight, { quant_type, blocksize: 32 });
    using packed = quantized.packed;
    using absmax = quantized.absmax;
    using y = dequantize_4bit.forward(t.gpu, { packed, absmax }, { quant_type, blocksize: 32, shape: [3, 33] }).y;
    const codes = unpackNibbles((await packed.read()).data, 100);
    t.expectEqual('codes', value({ shape: [100], data: codes }), {
      shape: [100],
      data: new Float64Array(100).fill(FOUR_BIT_ZERO_CODE[quant_type]),
    });
    t.expectEqual('absmax', value(await absmax.read()), { shape: [4], data: new Float64Array(4) });
    t.expectEqual('y', value(await y.read()), { shape: [3, 33], data: new Float64Array(99) });
  });

formats
  .case('variants-agree', { block: [32, 4096] })
  .desc('One invocation a block and sixteen a block find the same largest elements and pack the same codes.')
  .control('only one of sixteen is asked', (fault) => fault.shader('quant/block_absmax', 'lane < LANES', 'lane < 1u'))
  .run(async (t) => {
    const blocksize = t.params['block'] as number;
    using weight = Tensor.from(t.gpu, normals(t, [9001]));
    const [serial, cooperative] = ['serial', 'cooperative'].map((variant) =>
      quantizeTo4bit(t.gpu, weight, { quant_type: 'nf4', blocksize }, variant),
    ) as [ReturnType<typeof quantizeTo4bit>, ReturnType<typeof quantizeTo4bit>];
    for (const name of ['packed', 'absmax'] as const) {
      using one = serial[name];
      using other = cooperative[name];
      t.expectEqual(name, value(await other.read()), value(await one.read()));
    }
  });
