import { bytesOfTrits, type TritPacking, tritsOfByte } from '../../quant/ternary/trit-packing.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import {
  ternaryPack as packSignature,
  ternaryUnpack as unpackSignature,
} from '../../vocabulary/quant/ternary_pack.ts';
import { completed, type GivenParams, type ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

/** The code t + 1 of a trit in place `k` of a byte counts so much. */
const weight = (k: number, order: TritPacking): number =>
  order === 'base3' ? 3 ** k : 4 ** (order === 'low' ? k : 3 - k);

/** Trits in bytes. */
export function packedTrits(trits: ArrayLike<number>, order: TritPacking): Float64Array {
  const each = tritsOfByte(order);
  return Float64Array.from({ length: bytesOfTrits(trits.length, order) }, (_, b) =>
    Array.from({ length: each }, (_place, k) => k).reduce(
      (byte, k) => byte + ((trits[each * b + k] ?? 0) + 1) * weight(k, order),
      0,
    ),
  );
}

/** Trit at flat place `i` of bytes. */
export function tritAt({ data }: Value, i: number, order: TritPacking): number {
  const each = tritsOfByte(order);
  const byte = data[Math.floor(i / each)] as number;
  return (Math.floor(byte / weight(i % each, order)) % (order === 'base3' ? 3 : 4)) - 1;
}

function packed(trits: Value, { order }: ParamsOf<typeof packSignature>): Value {
  const data = packedTrits(trits.data, order);
  return { shape: [data.length], data };
}

function unpacked(bytes: Value, { order, shape }: ParamsOf<typeof unpackSignature>): Value {
  const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) => tritAt(bytes, i, order));
  return { shape, data };
}

/** Trits whose packed bytes are known: 0x24 0x29 in low order, 0x18 0x68 in high order. */
const KNOWN = [-1, 0, 1, -1, 0, 1, 1, -1];

function packSample(
  shape: Shape,
  params: GivenParams<typeof packSignature>,
  known?: readonly number[],
): SampleOf<typeof packSignature> {
  return {
    level: 'exact',
    label: { trits: formatShape(shape), order: completed(packSignature, params).order },
    params,
    inputs: (random) => ({
      trits: hostTensorFrom(
        'i8',
        shape,
        known ?? random.fill(sizeOf(shape), () => random.integer(-1, 1)),
      ),
    }),
  };
}

function unpackSample(
  shape: Shape,
  given?: Partial<GivenParams<typeof unpackSignature>>,
): SampleOf<typeof unpackSignature> {
  const params = { ...given, shape };
  const { order } = completed(unpackSignature, params);
  return {
    level: 'exact',
    label: { trits: formatShape(shape), order },
    params,
    inputs: (random) => {
      const trits = { shape, data: random.fill(sizeOf(shape), () => random.integer(-1, 1)) };
      const { data } = packed(trits, { order });
      return { packed: hostTensorFrom('u8', [data.length], data) };
    },
  };
}

const OTHER = { low: 'high', high: 'low', base3: 'low' } as const satisfies Record<
  TritPacking,
  TritPacking
>;
const otherOrder = <P extends { readonly order: TritPacking }>(params: P): P => ({
  ...params,
  order: OTHER[params.order],
});

const pack = defineRecord(packSignature, {
  summary: 'trits packed four a byte',
  forward: (inputs, params) => ({ packed: packed(inputs.trits, params) }),
  acceptance: () => ({ packed: { kind: 'exact' } }),
  samples: [
    packSample([8], {}, KNOWN),
    packSample([8], { order: 'high' }, KNOWN),
    packSample([1000], {}),
    packSample([37, 53], { order: 'high' }),
    packSample([1], {}),
    packSample([2044], {}),
    // The first word of a second workgroup.
    packSample([1025], {}),
    packSample([8], { order: 'base3' }, KNOWN),
    packSample([37, 53], { order: 'base3' }),
    packSample([1], { order: 'base3' }),
    packSample([1281], { order: 'base3' }),
  ],
  faults: [
    {
      name: 'codes without the offset of 1',
      shader: {
        file: 'quant/ternary_pack',
        from: '(four + 0x01010101u) & 0x03030303u',
        to: 'four & 0x03030303u',
      },
      also: [{ shader: { file: 'quant/ternary_pack_base3', from: '+ 1u) & 3u', to: ') & 3u' } }],
    },
  ],
  plausibleBugs: [
    paramsBug('the other order', otherOrder),
    inputBug('last trit dropped', 'trits', (t, i, { data }) => (i === data.length - 1 ? 0 : t)),
    inputBug('signs flipped', 'trits', (t) => -t),
  ],
});

const unpack = defineRecord(unpackSignature, {
  summary: 'trits of packed bytes',
  forward: (inputs, params) => ({ trits: unpacked(inputs.packed, params) }),
  acceptance: () => ({ trits: { kind: 'exact' } }),
  samples: [
    unpackSample([37, 53]),
    unpackSample([1001], { order: 'high' }),
    unpackSample([1]),
    unpackSample([52]),
    unpackSample([512], { order: 'high' }),
    unpackSample([37, 53], { order: 'base3' }),
    unpackSample([1], { order: 'base3' }),
    unpackSample([10], { order: 'base3' }),
    unpackSample([513], { order: 'base3' }),
  ],
  faults: [
    {
      name: 'codes one trit further',
      shader: {
        file: 'quant/ternary_unpack',
        from: 'trit_at(byte, 2u * k)',
        to: 'trit_at(byte, 2u * ((k + 1u) & 3u))',
      },
      also: [
        {
          shader: {
            file: 'quant/ternary_unpack_base3',
            from: 'first % 5u',
            to: '(first + 1u) % 5u',
          },
        },
      ],
    },
  ],
  plausibleBugs: [
    paramsBug('the other order', otherOrder),
    inputBug('last byte dropped', 'packed', (b, i, { data }) => (i === data.length - 1 ? 0x55 : b)),
  ],
});

/** Both directions of packing trits, exact in every order of operations. */
export const records = { pack, unpack };
