import { dequantizerOf } from '../../src/ops/quant/dequantize.ts';
import { quantizeBlocks } from '../../src/ops/quant/quantize.ts';
import { packNibbles, unpackNibbles } from '../../src/quant/packing/nibbles.ts';
import { blockFormatOf } from '../../src/quant/registry.ts';
import { EPS, FLUSH } from '../../src/reference/bounds.ts';
import { hostTensor, hostTensorFrom } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { normals, value } from './values.ts';

const dequantizer = dequantizerOf(blockFormatOf('nf4'));

export const fourBit = suite('quant.four-bit', {
  description:
    'NF4 and FP4 where one value or one bit decides: ties, zeros, every code, the padding, both ways to find the absmax.',
});

fourBit
  .case('nibbles-decoded', { type: ['nf4', 'fp4'] })
  .desc(
    'Codes that the host packed decode on the device to the values of the table: every code, in both nibbles.',
  )
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
    const quant_type = t.params['type'] as string;
    const codes = Array.from({ length: 255 }, (_, i) => (i % 2 === 0 ? i >> 4 : i & 15));
    const bytes = packNibbles(codes, blockFormatOf(quant_type).zeroCode);
    using packed = Tensor.from(t.gpu, hostTensor('u8', [bytes.length, 1], bytes));
    using absmax = Tensor.from(t.gpu, hostTensor('f32', [4], Float32Array.of(1, 2, 4, 0.5)));
    using y = dequantizer.forward(
      t.gpu,
      { packed, absmax },
      { quant_type, blocksize: 64, shape: [255] },
    ).y;
    const scales = [1, 2, 4, 0.5];
    const expected = codes.map(
      (code, i) => (blockFormatOf(quant_type).values[code] as number) * (scales[i >> 6] as number),
    );
    t.expectEqual('y', value(await y.read()), { shape: [255], data: Float64Array.from(expected) });
  });

/** The smallest normal float. Those below it are whole numbers of steps. */
const SMALLEST = FLUSH;
const STEP = FLUSH * EPS;

fourBit
  .case('ties', { type: ['nf4', 'fp4'] })
  .desc(
    'In a block whose absmax is a power of two every operation is exact: a threshold takes the code below it, the float after it the code above. So do denormals below the smallest normal float.',
  )
  .control('ties go up', (fault) =>
    fault.shader(
      'quant/quantize',
      'relative(bits, i, scale);',
      'relative(bits, i, scale) * 1.0000002;',
    ),
  )
  .run(async (t) => {
    const quant_type = t.params['type'] as string;
    // The neighbours of zero are denormals, which an adapter may flush.
    const thresholds = blockFormatOf(quant_type).rounding.thresholds.flatMap((x, i) =>
      x === 0 ? [] : [{ x, i }],
    );
    const ofOne = thresholds.flatMap(({ x, i }) => [
      { x, rank: i },
      { x: floatAfter(x), rank: i + 1 },
    ]);
    await expectRanks(t, quant_type, [...ofOne, { x: 1, rank: 15 }]);
    const ofSmallest = thresholds.flatMap(({ x, i }) => {
      const steps = Math.floor((x * SMALLEST) / STEP);
      return [
        { x: steps * STEP, rank: i },
        { x: (steps + 1) * STEP, rank: i + 1 },
      ];
    });
    await expectRanks(t, quant_type, [...ofSmallest, { x: SMALLEST, rank: 15 }]);
  });

/**
 * Quantizes the numbers as one block, whose absmax is the last one, and expects each to take the
 * code of its rank.
 */
async function expectRanks(
  t: CaseContext,
  quant_type: string,
  numbers: readonly { readonly x: number; readonly rank: number }[],
): Promise<void> {
  const data = numbers.map(({ x }) => x);
  using weight = Tensor.from(t.gpu, hostTensorFrom('f32', [data.length], data));
  const quantized = quantizeBlocks(t.gpu, weight, { quant_type, blocksize: 64 });
  using packed = quantized.packed;
  using absmax = quantized.absmax;
  t.expectEqual('absmax', value(await absmax.read()), {
    shape: [1],
    data: Float64Array.of(data.at(-1) as number),
  });
  const codes = unpackNibbles((await packed.read()).data, data.length);
  const decoded = (code: number) => blockFormatOf(quant_type).values[code] as number;
  t.expectEqual('value', value({ shape: weight.shape, data: Array.from(codes, decoded) }), {
    shape: weight.shape,
    data: Float64Array.from(numbers, ({ rank }) =>
      decoded(blockFormatOf(quant_type).rounding.ascending[rank] as number),
    ),
  });
}

fourBit
  .case('zeros', { type: ['nf4', 'fp4'] })
  .desc(
    'Blocks of zeros, a short one among them, have the code of zero, an absmax of 0 and decode to zeros.',
  )
  .control('a zero takes the code above', (fault) =>
    fault.shader('quant/quantize', 'relative(bits, i, scale);', 'relative(bits, i, scale) + 0.1;'),
  )
  .run(async (t) => {
    const quant_type = t.params['type'] as string;
    using weight = Tensor.from(t.gpu, hostTensor('f32', [3, 33], new Float32Array(99)));
    const quantized = quantizeBlocks(t.gpu, weight, { quant_type, blocksize: 32 });
    using packed = quantized.packed;
    using absmax = quantized.absmax;
    using y = dequantizer.forward(
      t.gpu,
      { packed, absmax },
      { quant_type, blocksize: 32, shape: [3, 33] },
    ).y;
    const codes = unpackNibbles((await packed.read()).data, 100);
    t.expectEqual('codes', value({ shape: [100], data: codes }), {
      shape: [100],
      data: new Float64Array(100).fill(blockFormatOf(quant_type).zeroCode),
    });
    t.expectEqual('absmax', value(await absmax.read()), { shape: [4], data: new Float64Array(4) });
    t.expectEqual('y', value(await y.read()), { shape: [3, 33], data: new Float64Array(99) });
  });

fourBit
  .case('variants-agree', { block: [32, 4096] })
  .desc(
    'One invocation a block and sixteen a block find the same largest elements and pack the same codes.',
  )
  .control('only one of sixteen is asked', (fault) =>
    fault.shader('quant/block_absmax', 'lane < LANES', 'lane < 1u'),
  )
  .run(async (t) => {
    const blocksize = t.params['block'] as number;
    using weight = Tensor.from(t.gpu, normals(t, [9001]));
    const [serial, cooperative] = ['serial', 'cooperative'].map((variant) =>
      quantizeBlocks(t.gpu, weight, { quant_type: 'nf4', blocksize }, variant),
    ) as [ReturnType<typeof quantizeBlocks>, ReturnType<typeof quantizeBlocks>];
    for (const name of ['packed', 'absmax'] as const) {
      using one = serial[name];
      using other = cooperative[name];
      t.expectEqual(name, value(await other.read()), value(await one.read()));
    }
  });

for (const dtype of ['f16', 'bf16'] as const)
  fourBit
    .case('padding-not-read', { dtype: [dtype] })
    .tier(dtype === 'bf16' ? 'quick' : 'full')
    .desc(
      'A view of an odd number of halves ends inside a word: the half after it, which is larger than all, is not an element.',
    )
    .control('the half after the end is asked', (fault) =>
      fault.shader(
        'quant/block_absmax',
        'min(first + sizes.block, sizes.n)',
        'first + sizes.block',
      ),
    )
    .run(async (t) => {
      const data = Array.from({ length: 64 }, (_, i) => (i === 63 ? 100 : i % 5));
      using whole = Tensor.from(t.gpu, hostTensorFrom(dtype, [64], data));
      using weight = whole.view([63]);
      const quantized = quantizeBlocks(t.gpu, weight, { quant_type: 'nf4', blocksize: 32 });
      using packed = quantized.packed;
      using absmax = quantized.absmax;
      t.expectEqual('absmax', value(await absmax.read()), {
        shape: [2],
        data: Float64Array.of(4, 4),
      });
      const codes = unpackNibbles((await packed.read()).data, 64);
      t.expect(
        codes[63] === blockFormatOf('nf4').zeroCode,
        () => `the padding has code ${codes[63]}`,
      );
    });

fourBit
  .case('small-halves')
  .desc(
    'Denormals of f16, zeros among them, are normal numbers of f32: they have the absmax and the codes of the same numbers in f32.',
  )
  .control('a denormal has the exponent of a normal half', (fault) =>
    fault.shader('quant/quantize', 'select(normal, denormal, magnitude < 0x400u)', 'normal'),
  )
  .run(async (t) => {
    const small = Array.from(
      { length: 96 },
      (_, i) => ((i * 37) % 64) * (i % 2 === 0 ? 2 ** -24 : -(2 ** -24)),
    );
    using halves = Tensor.from(t.gpu, hostTensorFrom('f16', [96], small));
    using floats = Tensor.from(t.gpu, hostTensorFrom('f32', [96], small));
    const [half, float] = [halves, floats].map((weight) =>
      quantizeBlocks(t.gpu, weight, { quant_type: 'nf4', blocksize: 32 }),
    ) as [ReturnType<typeof quantizeBlocks>, ReturnType<typeof quantizeBlocks>];
    for (const name of ['packed', 'absmax'] as const) {
      using one = half[name];
      using other = float[name];
      t.expectEqual(name, value(await one.read()), value(await other.read()));
    }
  });

/**
 * Where rounding to a half is decided by one bit: [value, bits of the half]. The last of f16 are
 * its end and its denormals.
 */
const HALVES = {
  bf16: [
    [1 + 2 ** -8, 0x3f80],
    [1 + 3 * 2 ** -8, 0x3f82],
    [1 + 2 ** -8 + 2 ** -20, 0x3f81],
    [2 - 2 ** -8, 0x4000],
  ],
  f16: [
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [1 + 2 ** -11 + 2 ** -20, 0x3c01],
    [65519, 0x7bff],
    [65520, 0x7c00],
    [2 ** 30, 0x7c00],
    [2 ** -25, 0],
    [3 * 2 ** -25, 2],
  ],
} as const;

fourBit
  .case('halves', { dtype: ['f16', 'bf16'] })
  .desc(
    'A code that stands for 1 decodes to its absmax, which is rounded to the half nearest to it: a tie to even, what is too large to infinity.',
  )
  .control('a little more than the value is rounded', (fault) =>
    fault.shader(
      'quant/dequantize',
      'return Eight(values(codes) * scale,',
      'return Eight(values(codes) * (scale * 1.001),',
    ),
  )
  .run(async (t) => {
    const dtype = t.params['dtype'] as keyof typeof HALVES;
    const halves = HALVES[dtype];
    const n = 32 * halves.length;
    using packed = Tensor.from(
      t.gpu,
      hostTensor('u8', [n / 2, 1], new Uint8Array(n / 2).fill(0xff)),
    );
    using absmax = Tensor.from(
      t.gpu,
      hostTensorFrom(
        'f32',
        [halves.length],
        halves.map(([x]) => x),
      ),
    );
    using y = dequantizer.forward(
      t.gpu,
      { packed, absmax },
      { quant_type: 'nf4', blocksize: 32, shape: [n], dtype },
    ).y;
    const expected = halves.flatMap(([, bits]) => new Array<number>(32).fill(bits));
    t.expectEqual('bits', value(await y.read()), value({ shape: [n], data: expected }));
  });

/** The smallest float32 above `x`, which is not zero. */
function floatAfter(x: number): number {
  const bits = new Int32Array(Float32Array.of(x).buffer);
  bits[0] = (bits[0] as number) + Math.sign(x);
  return new Float32Array(bits.buffer)[0] as number;
}
