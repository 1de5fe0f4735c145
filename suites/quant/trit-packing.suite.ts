import { ternaryPack, ternaryUnpack } from '../../src/ops/quant/ternary_pack.ts';
import { packDenseTrits, unpackDenseTrits } from '../../src/quant/ternary/dense-trits.ts';
import { packTrits, type TritOrder, unpackTrits } from '../../src/quant/ternary/trits.ts';
import { hostTensor, hostTensorFrom } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { randomTrits } from './trits.ts';

export const tritPacking = suite('quant.trit-packing', {
  description: 'Trits in bytes: known bytes, every length, the way back, and how many bytes',
});

const KNOWN = [-1, 0, 1, -1, 0, 1, 1, -1];
const LENGTHS = Array.from({ length: 258 }, (_, length) => length);
/** More trits than a workgroup packs, and than two do. */
const MANY = 2500;

function expectList(
  t: CaseContext,
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): void {
  const flat = (list: ArrayLike<number>) => ({
    shape: [list.length],
    data: Float64Array.from(list),
  });
  t.expectEqual(name, flat(actual), flat(expected));
}

async function expectKnown(t: CaseContext, order: TritOrder | undefined, bytes: readonly number[]) {
  using trits = Tensor.from(t.gpu, hostTensorFrom('i8', [8], KNOWN));
  using packed = ternaryPack.forward(t.gpu, { trits }, { order }).packed;
  expectList(t, 'bytes of the device', (await packed.read()).data, bytes);
  expectList(t, 'bytes of the host', packTrits(KNOWN, order), bytes);
}

tritPacking
  .case('known-bytes-low')
  .covers('triton.quantization.pack-unpack/golden-low-first')
  .desc('Eight known trits become 0x24 0x29 where nothing is said of the order: first trit lowest.')
  .control('the device puts the first trit highest', (fault) =>
    fault.shader('quant/ternary_pack', 'in_low_order(word, HIGH)', 'in_low_order(word, !HIGH)'),
  )
  .run((t) => expectKnown(t, undefined, [0x24, 0x29]));

tritPacking
  .case('known-bytes-high')
  .covers('triton.quantization.pack-unpack/golden-high-first')
  .desc('Eight known trits become 0x18 0x68 in high order: first trit in the highest bits.')
  .control('the device knows no order', (fault) =>
    fault.shader('quant/ternary_pack', 'in_low_order(word, HIGH)', 'word'),
  )
  .run((t) => expectKnown(t, 'high', [0x18, 0x68]));

/** Copies whole words of `from` to `to` from byte `offset` on, and gives the byte after them. */
function append(t: CaseContext, from: Tensor, to: Tensor, offset: number): number {
  const bytes = Math.ceil(from.bytes / 4) * 4;
  const { memory, offset: start } = to.binding;
  if (bytes > 0) t.gpu.copy(from.binding, { memory, offset: start + offset }, bytes);
  return offset + bytes;
}

const ORDERS = ['low', 'high'] as const;

tritPacking
  .case('lengths', { order: ORDERS })
  .covers('triton.quantization.pack-unpack/lengths-0-to-257')
  .tier('full')
  .desc('The first 0, 1, ... 257 trits of a tensor: the bytes of the device are those of the host.')
  .control('the last trit of each length dropped', (fault) =>
    fault.shader('quant/ternary_pack', 'inside(w, sizes.n)', 'inside(w, sizes.n - 1u)'),
  )
  .run(async (t) => {
    const order = t.params['order'] as TritOrder;
    const host = randomTrits(t, [257]);
    using trits = Tensor.from(t.gpu, host);
    using all = Tensor.empty(t.gpu, 'u8', [258 * 68]);
    const starts: number[] = [];
    let end = 0;
    for (const length of LENGTHS) {
      using packed = ternaryPack.forward(t.gpu, { trits: trits.view([length]) }, { order }).packed;
      t.expect(
        packed.bytes === Math.ceil(length / 4),
        () => `${length} trits have ${packed.bytes} bytes`,
      );
      starts.push(end);
      end = append(t, packed, all, end);
    }
    const bytes = (await all.read()).data;
    for (const length of LENGTHS) {
      const start = starts[length] as number;
      const expected = packTrits(host.data.subarray(0, length), order);
      expectList(
        t,
        `${length} trits`,
        bytes.subarray(start, start + Math.ceil(length / 4)),
        expected,
      );
    }
    t.expect(end > 0, () => 'nothing was packed');
  });

tritPacking
  .case('round-trip', { order: ORDERS })
  .covers('triton.quantization.pack-unpack/round-trip')
  .tier('full')
  .desc(
    '0, 1, ... 257 and 2500 trits packed and unpacked, on the device and on the host, are the same trits.',
  )
  .control('the device unpacks one trit further', (fault) =>
    fault.shader('quant/ternary_unpack', 'trit_at(byte, 2u * k)', 'trit_at(byte, 2u * (k ^ 1u))'),
  )
  .run(async (t) => {
    const order = t.params['order'] as TritOrder;
    const host = randomTrits(t, [MANY]);
    using trits = Tensor.from(t.gpu, host);
    using all = Tensor.empty(t.gpu, 'i8', [258 * 260 + MANY]);
    const starts = new Map<number, number>();
    let end = 0;
    for (const length of [...LENGTHS, MANY]) {
      const shape = [length];
      using packed = ternaryPack.forward(t.gpu, { trits: trits.view(shape) }, { order }).packed;
      using back = ternaryUnpack.forward(t.gpu, { packed }, { order, shape }).trits;
      starts.set(length, end);
      end = append(t, back, all, end);
    }
    const found = (await all.read()).data;
    for (const [length, start] of starts) {
      const expected = host.data.subarray(0, length);
      expectList(t, `${length} trits`, found.subarray(start, start + length), expected);
      const packed = packTrits(expected, order);
      expectList(t, `${length} trits of the host`, unpackTrits(packed, length, order), expected);
    }
    t.expect(end > 0, () => 'nothing was unpacked');
  });

tritPacking
  .case('padding', { order: ORDERS })
  .covers('triton.quantization.pack-unpack/padding-never-leaks')
  .desc(
    'Ones behind the trits that are packed leave no trace in the last byte; and whatever stands in its unused places, unpacking gives the same trits.',
  )
  .control('what lies behind the trits is packed with them', (fault) =>
    fault.shader('quant/ternary_pack', 'inside(w, sizes.n)', 'inside(w, sizes.n + 3u)'),
  )
  .run(async (t) => {
    const order = t.params['order'] as TritOrder;
    using ones = Tensor.from(t.gpu, hostTensor('i8', [16], new Int8Array(16).fill(1)));
    for (const count of [1, 2, 3, 5, 6, 7, 9]) {
      const trits = ones.view([count]);
      using packed = ternaryPack.forward(t.gpu, { trits }, { order }).packed;
      const clean = packTrits(new Int8Array(count).fill(1), order);
      expectList(t, `${count} trits`, (await packed.read()).data, clean);
      // The unused places as ones, and as the code that stands for nothing.
      for (const filler of [0b10, 0b11]) {
        const bytes = clean.slice();
        for (let k = count % 4; k > 0 && k < 4; k++) {
          const shift = 2 * (order === 'low' ? k : 3 - k);
          const last = bytes.length - 1;
          bytes[last] = ((bytes[last] as number) & ~(3 << shift)) | (filler << shift);
        }
        using damaged = Tensor.from(t.gpu, hostTensor('u8', [bytes.length], bytes));
        using back = ternaryUnpack.forward(
          t.gpu,
          { packed: damaged },
          { order, shape: [count] },
        ).trits;
        const expected = new Int8Array(count).fill(1);
        expectList(t, `${count} unpacked`, (await back.read()).data, expected);
        expectList(t, `${count} of the host`, unpackTrits(bytes, count, order), expected);
      }
    }
  });

tritPacking
  .case('two-bit-bytes')
  .covers('triton.quantization.pack-compression/two-bit-bytes')
  .desc('1000 trits are 250 bytes on the device and on the host: a quarter of a byte for each.')
  .control('a byte too many', (fault) =>
    fault.host(
      'quant.packTrits',
      (pack) =>
        (...args) =>
          Uint8Array.of(...pack(...args), 0x55),
    ),
  )
  .run(async (t) => {
    const host = randomTrits(t, [1000]);
    using trits = Tensor.from(t.gpu, host);
    using packed = ternaryPack.forward(t.gpu, { trits }, {}).packed;
    for (const { length } of [(await packed.read()).data, packTrits(host.data)]) {
      t.expect(length === 250, () => `1000 trits take ${length} bytes`);
      t.expect(trits.bytes / length === 4, () => `the ratio is ${trits.bytes / length}`);
    }
  });

tritPacking
  .case('bytes-on-device')
  .covers('triton.quantization.pack-compression/gpu-aligned-bytes')
  .desc('The ledger of device memory grows by 252 bytes for 1000 packed trits: whole words.')
  .control('trits kept one a byte', (fault) =>
    fault.host('ternary_pack.forward', (pack) => (gpu, ...args) => {
      const outputs = pack(gpu, ...args);
      gpu.allocate(748);
      return outputs;
    }),
  )
  .run(async (t) => {
    using trits = Tensor.from(t.gpu, randomTrits(t, [1000]));
    const before = t.gpu.memory.ledger.liveBytes;
    using packed = ternaryPack.forward(t.gpu, { trits }, {}).packed;
    const held = t.gpu.memory.ledger.liveBytes - before;
    t.expect(held === 252, () => `the packed trits hold ${held} bytes`);
    t.expect(packed.bytes === 250, () => `the tensor has ${packed.bytes} bytes`);
  });

tritPacking
  .case('five-per-byte')
  .covers('triton.quantization.pack-compression/five-per-byte')
  .desc('The dense codec packs 1000 trits into 200 bytes, five in each, and gives them back.')
  .control('four trits a byte', (fault) =>
    fault.host('quant.packDenseTrits', () => (trits: ArrayLike<number>) => packTrits(trits)),
  )
  .run(async (t) => {
    const { data } = randomTrits(t, [1000]);
    const bytes = packDenseTrits(data);
    t.expect(bytes.length === 200, () => `1000 trits take ${bytes.length} bytes`);
    expectList(t, 'trits', unpackDenseTrits(bytes, 1000), data);
    // -1, 0, 1, -1, 0 and 1, 1, -1: the digits 0 1 2 0 1 and 2 2 0 with zeros behind.
    expectList(t, 'known bytes', packDenseTrits(KNOWN), [102, 8 + 27 + 81]);
  });
