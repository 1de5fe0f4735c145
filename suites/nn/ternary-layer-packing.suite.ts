import { ternaryPack, ternaryUnpack } from '../../src/ops/quant/ternary_pack.ts';
import { packDenseTrits, unpackDenseTrits } from '../../src/quant/ternary/dense-trits.ts';
import { packTrits, type TritOrder, unpackTrits } from '../../src/quant/ternary/trits.ts';
import type { Value } from '../../src/reference/record.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { codeOf } from '../../src/testing/code-of.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { TernaryLayer, type TernarySizes } from './ternary-layer.ts';

export const ternaryLayerPacking = suite('nn.ternary-layer-packing', {
  description:
    'The packed trits of a layer of 64 inputs and 128 outputs: codes, order, the way back, bytes',
});

const SIZES: TernarySizes = { rows: 1, inFeatures: 64, outFeatures: 128 };
const COUNT = 8192;

const flat = (list: ArrayLike<number>): Value => ({
  shape: [list.length],
  data: Float64Array.from(list),
});

/** The trits that a layer was made with. */
const tritsOf = (layer: TernaryLayer) => layer.host.weight.data.map((w) => Math.sign(w));

const bytesOf = async (packed: Tensor) => (await packed.read()).data as Uint8Array;

/** Codes of two bits, the first in the lowest bits of its byte. */
const codesOf = (bytes: Uint8Array) =>
  Array.from(
    { length: 4 * bytes.length },
    (_, i) => ((bytes[i >> 2] as number) >> (2 * (i & 3))) & 3,
  );

/** What the device packs the trits of a layer to. */
async function packedOnDevice(
  t: CaseContext,
  trits: ArrayLike<number>,
  order?: TritOrder,
): Promise<Uint8Array> {
  using host = Tensor.from(t.gpu, hostTensorFrom('i8', [trits.length], Array.from(trits)));
  using packed = ternaryPack.forward(t.gpu, { trits: host }, { order }).packed;
  return await bytesOf(packed);
}

ternaryLayerPacking
  .case('unpacked')
  .covers(
    'triton.compiler.custom-layer-ternary-packing/unpack-equals-cpu',
    'triton.compiler.custom-layer-ternary-packing/ternary-values',
  )
  .desc('The device unpacks the buffer of the layer to what the host does: -1, 0 and 1 alone.')
  .control('the device unpacks its neighbour', (fault) =>
    fault.shader('quant/ternary_unpack', 'trit_at(byte, 2u * k)', 'trit_at(byte, 2u * (k ^ 1u))'),
  )
  .run(async (t) => {
    using layer = new TernaryLayer(t, SIZES);
    using trits = ternaryUnpack.forward(t.gpu, { packed: layer.packed }, { shape: [COUNT] }).trits;
    const { data } = await trits.read();
    t.expectEqual('trits', flat(data), flat(unpackTrits(await bytesOf(layer.packed), COUNT)));
    const values = [...new Set(data)].sort((a, b) => a - b).join();
    t.expect(values === '-1,0,1', () => `the values are ${values}`);
  });

ternaryLayerPacking
  .case('codes')
  .covers(
    'triton.compiler.custom-layer-ternary-packing/code-table',
    'triton.compiler.custom-layer-ternary-packing/low-order',
  )
  .desc(
    'The codes of the layer are 0 for -1, 1 for 0 and 2 for 1, the first of a byte in its lowest bits, as the host and the device pack them.',
  )
  .control('the device puts the first trit highest', (fault) =>
    fault.shader('quant/ternary_pack', 'in_low_order(word, HIGH)', 'in_low_order(word, !HIGH)'),
  )
  .run(async (t) => {
    using layer = new TernaryLayer(t, SIZES);
    const trits = tritsOf(layer);
    const codes = flat(trits.map((trit) => trit + 1));
    t.expectEqual('codes of the layer', flat(codesOf(await bytesOf(layer.packed))), codes);
    t.expectEqual('codes of the device', flat(codesOf(await packedOnDevice(t, trits))), codes);
  });

/** Eight trits, and their bytes where the first one is in the highest bits, as the origin has it. */
const KNOWN = [-1, 0, 1, -1, 0, 1, 1, -1];
const KNOWN_BYTES = [0x18, 0x68];

ternaryLayerPacking
  .case('high-order')
  .covers('triton.compiler.custom-layer-ternary-packing/high-order')
  .desc(
    'In high order the first trit of each byte is in its highest bits, in the bytes of the layer and in two that are known.',
  )
  .control('the device knows no order', (fault) =>
    fault.shader('quant/ternary_pack', 'in_low_order(word, HIGH)', 'word'),
  )
  .run(async (t) => {
    using layer = new TernaryLayer(t, SIZES);
    const trits = tritsOf(layer);
    const bytes = Array.from({ length: COUNT / 4 }, (_, at) =>
      [0, 1, 2, 3].reduce(
        (byte, k) => byte | (((trits[4 * at + k] as number) + 1) << (6 - 2 * k)),
        0,
      ),
    );
    for (const [packed, expected] of [
      [KNOWN, KNOWN_BYTES],
      [trits, bytes],
    ] as const) {
      t.expectEqual('bytes of the host', flat(packTrits(packed, 'high')), flat(expected));
      const device = await packedOnDevice(t, packed, 'high');
      t.expectEqual('bytes of the device', flat(device), flat(expected));
    }
  });

ternaryLayerPacking
  .case('damaged')
  .covers('triton.compiler.custom-layer-ternary-packing/code-3-rejected')
  .desc(
    'No code of the layer is 3; where one is made 3, the host refuses to unpack it with the code trit-code.',
  )
  .control('any code is taken for a trit', (fault) =>
    fault.host('quant.unpackTrits', () => (_bytes, count) => new Int8Array(count)),
  )
  .run(async (t) => {
    using layer = new TernaryLayer(t, SIZES);
    const bytes = await bytesOf(layer.packed);
    t.expect(!codesOf(bytes).includes(3), () => 'a code is 3');
    for (const place of [0, 5, COUNT - 1]) {
      const damaged = bytes.slice();
      damaged[place >> 2] = (damaged[place >> 2] as number) | (3 << (2 * (place & 3)));
      const code = codeOf(() => unpackTrits(damaged, COUNT));
      t.expect(code === 'trit-code', () => `code 3 at ${place} throws ${code}`);
    }
  });

ternaryLayerPacking
  .case('compression')
  .covers(
    'triton.compiler.custom-layer-compression-ratio/four-per-byte',
    'triton.compiler.custom-layer-compression-ratio/five-trit-codec',
    'triton.compiler.custom-layer-compression-ratio/five-trit-round-trip',
  )
  .desc(
    'By the sizes of their buffers the 8,192 trits of the layer take 2,048 bytes, a sixteenth of f32; five a byte they take 1,639, 4.998 in each, which give the trits back.',
  )
  .control('four trits a byte in the dense codec', (fault) =>
    fault.host('quant.packDenseTrits', () => (trits: ArrayLike<number>) => packTrits(trits)),
  )
  .run(async (t) => {
    using layer = new TernaryLayer(t, SIZES);
    const trits = tritsOf(layer);
    using host = Tensor.from(t.gpu, hostTensorFrom('i8', [COUNT], trits));
    const taken = (make: () => Tensor) => {
      using made = make();
      return made.binding.memory.buffer.size;
    };
    const packed = taken(() => ternaryPack.forward(t.gpu, { trits: host }, {}).packed);
    const wide = taken(() => Tensor.from(t.gpu, hostTensorFrom('f32', [COUNT], trits)));
    t.expect(layer.packed.bytes === packed, () => `the layer has ${layer.packed.bytes} bytes`);
    t.expect(COUNT / packed === 4, () => `${COUNT / packed} trits are in a byte`);
    t.expect(wide / packed === 16, () => `f32 is ${wide / packed} times as large`);
    const dense = packDenseTrits(trits);
    const perByte = COUNT / dense.length;
    t.metric('perByte', perByte);
    t.expect(dense.length === 1639, () => `the dense codec takes ${dense.length} bytes`);
    t.expect(
      perByte === COUNT / Math.ceil(COUNT / 5),
      () => `${perByte} trits are in a byte of it`,
    );
    t.expectEqual('trits of the dense codec', flat(unpackDenseTrits(dense, COUNT)), flat(trits));
  });
