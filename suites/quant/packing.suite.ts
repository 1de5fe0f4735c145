import { createDynamicMap } from '../../src/quant/dynamic/map.ts';
import { packNibbles, unpackNibbles } from '../../src/quant/packing/nibbles.ts';
import { packTrits, TritError, unpackTrits } from '../../src/quant/ternary/trits.ts';
import { hostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { philox } from '../../src/tensor/philox.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

/** SHA-256 of the 256 float32 values that bitsandbytes 0.50.2 makes. */
const SIGNED_MAP = 'e732639a65f497b4ad684bb166a4467708255edd5207757de8b8f0c7e1fda89c';

export const packing = suite('quant.packing', {
  description: 'What the host packs, rounds and tabulates, against known bits',
});

function expectBytes(
  t: CaseContext,
  name: string,
  actual: ArrayLike<number>,
  expected: readonly number[],
): void {
  const shape = [expected.length];
  t.expectEqual(
    name,
    { shape: [actual.length], data: Float64Array.from(actual) },
    { shape, data: Float64Array.from(expected) },
  );
}

async function sha256({ buffer }: ArrayBufferView): Promise<string> {
  const digest = new Uint8Array(
    await crypto.subtle.digest('SHA-256', Uint8Array.from(new Uint8Array(buffer))),
  );
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function isRefused(call: () => unknown): boolean {
  try {
    call();
    return false;
  } catch (error) {
    if (error instanceof TritError) return true;
    throw error;
  }
}

packing
  .case('nibbles')
  .desc(
    'Two codes a byte, the first in the high nibble; an odd number is padded with the code that is asked for, which unpacking drops.',
  )
  .control('nibbles swapped', (fault) =>
    fault.host(
      'quant.packNibbles',
      (original) =>
        (...args) =>
          original(...args).map((byte: number) => (byte >> 4) | ((byte & 15) << 4)),
    ),
  )
  .run(async (t) => {
    expectBytes(t, 'bytes', packNibbles([1, 2, 3, 15], 0), [0x12, 0x3f]);
    expectBytes(t, 'padded bytes', packNibbles([9, 8, 4], 7), [0x98, 0x47]);
    expectBytes(t, 'codes', unpackNibbles([0x98, 0x47], 3), [9, 8, 4]);
  });

packing
  .case('trits')
  .desc(
    'Codes t + 1 of two bits, four a byte, the first in bits 0-1 or, in high order, in bits 6-7; the rest of the last byte is zeros.',
  )
  .control('codes without the offset of 1', (fault) =>
    fault.host(
      'quant.packTrits',
      (original) => (trits, order) =>
        original(
          Array.from(trits as number[], (trit) => (trit === 1 ? -1 : trit + 1)),
          order,
        ),
    ),
  )
  .run(async (t) => {
    const trits = [-1, 0, 1, -1, 1];
    expectBytes(t, 'bytes', packTrits(trits), [0b00_10_01_00, 0b01_01_01_10]);
    expectBytes(t, 'bytes in high order', packTrits(trits, 'high'), [0b00_01_10_00, 0b10_01_01_01]);
    expectBytes(t, 'trits', unpackTrits([0b00_10_01_00, 0b01_01_01_10], 5), trits);
    expectBytes(
      t,
      'trits of high order',
      unpackTrits([0b00_01_10_00, 0b10_01_01_01], 5, 'high'),
      trits,
    );
    const refused = {
      'trit 2': () => packTrits([0, 2]),
      'code 3': () => unpackTrits([0b00_00_11_00], 4),
      'no trit': () => packTrits([Number.NaN]),
    };
    for (const [name, call] of Object.entries(refused)) {
      t.expect(isRefused(call), () => `${name} is taken for a trit`);
    }
  });

/**
 * Numbers with the bits of their nearest halves: ties to even on either side, what becomes
 * denormal, and what is too large.
 */
const HALVES: Readonly<
  Record<'f16' | 'bf16', readonly (readonly [value: number, bits: number])[]>
> = {
  f16: [
    [1, 0x3c00],
    [-1.5, 0xbe00],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [1 + 2 ** -11 + 2 ** -23, 0x3c01],
    [2 - 2 ** -12, 0x4000],
    [2 ** -14, 0x0400],
    [2 ** -14 - 2 ** -25, 0x0400],
    [3 * 2 ** -24, 0x0003],
    [2 ** -25, 0x0000],
    [3 * 2 ** -25, 0x0002],
    [65_519, 0x7bff],
    [65_520, 0x7c00],
    [-1e30, 0xfc00],
  ],
  bf16: [
    [1, 0x3f80],
    [-1.5, 0xbfc0],
    [1 + 2 ** -8, 0x3f80],
    [1 + 3 * 2 ** -8, 0x3f82],
    [1 + 2 ** -8 + 2 ** -23, 0x3f81],
    [1 + 2 ** -8 - 2 ** -23, 0x3f80],
    [2 ** -133, 0x0001],
    [2 ** -134, 0x0000],
    [3.4e38, 0x7f80],
    [-3.4e38, 0xff80],
  ],
};

/** Halves and what they are. */
const DECODED: Readonly<
  Record<'f16' | 'bf16', readonly (readonly [bits: number, value: number])[]>
> = {
  f16: [
    [0x3c00, 1],
    [0xbe00, -1.5],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x7bff, 65_504],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
  ],
  bf16: [
    [0x3f80, 1],
    [0xbfc0, -1.5],
    [0x0001, 2 ** -133],
    [0x7f80, Number.POSITIVE_INFINITY],
  ],
};

packing
  .case('halves', { dtype: ['f16', 'bf16'] })
  .desc(
    'Numbers become the nearest halves, ties to even, denormal ones and infinities included, and halves become the numbers that they are.',
  )
  .control('rounded toward zero', (fault) =>
    fault.host('tensor.hostTensorFrom', (original) => (dtype, shape, values) => {
      const { data } = original(dtype, shape, values);
      return hostTensor(
        dtype,
        shape,
        data.map(
          (bits: number, i: number) =>
            bits -
            Number(
              Math.abs(valuesOf(original(dtype, [1], [values[i]]))[0] ?? 0) > Math.abs(values[i]),
            ),
        ),
      );
    }),
  )
  .run(async (t) => {
    const dtype = String(t.params['dtype']) as 'f16' | 'bf16';
    const values = HALVES[dtype].map(([value]) => value);
    const bits = HALVES[dtype].map(([, code]) => code);
    expectBytes(t, 'bits', hostTensorFrom(dtype, [values.length], values).data, bits);
    const nan = hostTensorFrom(dtype, [1], [Number.NaN]);
    t.expect(Number.isNaN(valuesOf(nan)[0]), () => `NaN becomes ${valuesOf(nan)[0]}`);
    const decoded = valuesOf(
      hostTensor(
        dtype,
        [DECODED[dtype].length],
        Uint16Array.from(DECODED[dtype], ([code]) => code),
      ),
    );
    expectBytes(
      t,
      'numbers',
      decoded,
      DECODED[dtype].map(([, value]) => value),
    );
  });

/** A counter and a key whose words the generator's authors publish (Random123, kat_vectors). */
const PUBLISHED = {
  counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
  key: [0xa4093822, 0x299f31d0],
  words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
} as const;

/**
 * SHA-256 of the words of the first 2^14 counters with the key (42, 7), computed with integers of
 * any size.
 */
const WORDS = '7d80483e07cfc642515c0569c68eab1304f88cf69b5ec63500023d68429fd82f';

packing
  .case('random-words')
  .desc(
    'The words of Philox are those that its authors publish, and a long sequence is that of exact products by its SHA-256: a carry that is lost shows seldom.',
  )
  .control('the words of the key swapped', (fault) =>
    fault.host(
      'tensor.philox',
      (original) =>
        (counter, [low, high]) =>
          original(counter, [high, low]),
    ),
  )
  .run(async (t) => {
    expectBytes(t, 'words', philox(PUBLISHED.counter, PUBLISHED.key), PUBLISHED.words);
    const words = new Uint32Array(2 ** 16);
    for (let i = 0; i < 2 ** 14; i++) words.set(philox([i, 0, 0, 0], [42, 7]), 4 * i);
    const hex = await sha256(words);
    t.expect(hex === WORDS, () => `the SHA-256 of the words is ${hex}`);
  });

packing
  .case('dynamic-map')
  .desc("The signed dynamic map is bitsandbytes' create_dynamic_map bit by bit, by its SHA-256.")
  .control('the other sign', (fault) =>
    fault.host('quant.dynamicMap', (original) => (signed: boolean) => original(!signed)),
  )
  .run(async (t) => {
    const hex = await sha256(createDynamicMap(true));
    t.expect(hex === SIGNED_MAP, () => `the map's SHA-256 is ${hex}`);
  });
