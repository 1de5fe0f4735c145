import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HostTensor, hostTensor } from '../tensor/host.ts';
import { sizeOf } from '../tensor/shape.ts';
import { FormatError } from './format-error.ts';
import { float64Of, toHostTensor } from './safetensors/stored.ts';
import { writeSafetensors } from './safetensors/write.ts';
import { readSafetensors } from './safetensors.ts';

const ARRAYS = {
  f32: Float32Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i8: Int8Array,
  u8: Uint8Array,
};

/** Tensors of any dtype, shape (empty ones too) and bits (NaN payloads too). */
const tensor: fc.Arbitrary<HostTensor> = fc
  .tuple(
    fc.constantFrom('f32', 'f16', 'bf16', 'i32', 'u32', 'i8', 'u8'),
    fc.array(fc.nat({ max: 4 }), { maxLength: 4 }),
  )
  .chain(([dtype, shape]) => {
    const bytes = sizeOf(shape) * ARRAYS[dtype].BYTES_PER_ELEMENT;
    return fc
      .uint8Array({ minLength: bytes, maxLength: bytes })
      .map((data) => hostTensor(dtype, shape, new ARRAYS[dtype](Uint8Array.from(data).buffer)));
  });
const name = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__metadata__');
const files = fc.tuple(
  fc.dictionary(name, tensor, { maxKeys: 6 }),
  fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 }),
);

const bytesOf = (data: ArrayBufferView) =>
  Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));

/** A file with any text as header. */
function rawFile(header: string, dataBytes = 0): Uint8Array {
  const json = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + json.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

function refusal(file: Uint8Array): string {
  try {
    readSafetensors(file);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).not.toMatch(/[\n\r]/);
    return (error as Error).message;
  }
  return 'accepted';
}

describe('round trip', () => {
  test('gives back every name, dtype, shape and bit', () => {
    fc.assert(
      fc.property(files, ([tensors, metadata]) => {
        const read = readSafetensors(writeSafetensors(tensors, metadata));
        expect(Object.fromEntries(read.metadata)).toEqual({ ...metadata });
        expect([...read.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
        for (const [key, stored] of read.tensors) {
          const got = toHostTensor(stored);
          const wanted = tensors[key] as HostTensor;
          expect([got.dtype, got.shape, bytesOf(got.data)]).toEqual([
            wanted.dtype,
            wanted.shape,
            bytesOf(wanted.data),
          ]);
        }
      }),
    );
  });

  test('writes the same bytes whatever the order of the names, with every tensor aligned', () => {
    fc.assert(
      fc.property(files, ([tensors, metadata]) => {
        const file = writeSafetensors(tensors, metadata);
        const backwards = Object.fromEntries(Object.entries(tensors).reverse());
        expect(bytesOf(writeSafetensors(backwards, metadata))).toEqual(bytesOf(file));
        for (const [key, { bytes }] of readSafetensors(file).tensors) {
          expect(
            bytes.byteOffset % ARRAYS[(tensors[key] as HostTensor).dtype].BYTES_PER_ELEMENT,
          ).toBe(0);
        }
      }),
    );
  });

  test('reads from a view that starts anywhere in its buffer', () => {
    const file = writeSafetensors({ x: hostTensor('f32', [3], Float32Array.of(1, -2, 0.5)) });
    const shifted = new Uint8Array(file.length + 3);
    shifted.set(file, 3);
    const stored = readSafetensors(shifted.subarray(3)).tensors.get('x');
    expect(stored && [...float64Of(stored)]).toEqual([1, -2, 0.5]);
  });
});

test('a file has its header in one line, padded by spaces to 8 bytes, and then the tensors', () => {
  const whole = Uint8Array.of(1, 2, 3, 4);
  const file = writeSafetensors({ ab: hostTensor('u8', [2], whole.subarray(1, 3)) }, { by: 'us' });
  const header =
    '{"__metadata__":{"by":"us"},"ab":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}       ';
  expect(new TextDecoder().decode(file.subarray(8, 96))).toBe(header);
  expect(bytesOf(file.subarray(0, 8))).toEqual([88, 0, 0, 0, 0, 0, 0, 0]);
  expect(bytesOf(file.subarray(96))).toEqual([2, 3]);
  expect(new TextDecoder().decode(writeSafetensors({}).subarray(8))).toBe('{}      ');
});

test('the names of tensors of one width, and of metadata, are in code-unit order', () => {
  const one = hostTensor('u8', [1], new Uint8Array(1));
  const two = hostTensor('bf16', [1], new Uint16Array(1));
  const file = writeSafetensors(
    { 'a.b': one, 'a!': one, a: one, Z: one, wide: two },
    { z: '1', a: '2' },
  );
  const { tensors, metadata } = readSafetensors(file);
  expect([...tensors.keys()]).toEqual(['wide', 'Z', 'a', 'a!', 'a.b']);
  expect([...metadata]).toEqual([
    ['a', '2'],
    ['z', '1'],
  ]);
});

describe('hostile files', () => {
  const valid = writeSafetensors({
    a: hostTensor('f32', [2, 3], new Float32Array(6)),
    b: hostTensor('u8', [5], new Uint8Array(5)),
  });

  test('every truncation is refused', () => {
    for (let length = 0; length < valid.length; length++)
      expect(refusal(valid.slice(0, length))).not.toBe('accepted');
  });

  test('flipped bits are refused or give another valid file, never another error', () => {
    for (let bit = 0; bit < valid.length * 8; bit++) {
      const file = valid.slice();
      file[bit >> 3] = (file[bit >> 3] as number) ^ (1 << (bit & 7));
      refusal(file);
    }
  });

  test('arbitrary bytes and arbitrary JSON headers never break the reader', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void refusal(bytes)));
    fc.assert(fc.property(fc.json(), (json) => void refusal(rawFile(json, 4))));
  });

  const entry = (dtype: unknown, shape: unknown, offsets: unknown) =>
    JSON.stringify({ dtype, shape, data_offsets: offsets });
  const BYTES = {
    BOOL: 1,
    U8: 1,
    I8: 1,
    F8_E4M3: 1,
    F8_E5M2: 1,
    U16: 2,
    I16: 2,
    F16: 2,
    BF16: 2,
    U32: 4,
    I32: 4,
    F32: 4,
    U64: 8,
    I64: 8,
    F64: 8,
  };
  test.each(Object.entries(BYTES))(
    'three elements of %s take three times %i bytes',
    (dtype, width) => {
      const file = rawFile(`{"a":${entry(dtype, [3], [0, 3 * width])}}`, 3 * width);
      expect(readSafetensors(file).tensors.get('a')?.bytes.length).toBe(3 * width);
    },
  );

  test('tensors may stand in any order, and those without elements between others', () => {
    const sizes = fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 6 });
    const shuffled = sizes.chain((all) => {
      const ends = all.map((_, i) => all.slice(0, i + 1).reduce((sum, size) => sum + size));
      const entries = all.map((size, i) => {
        const end = ends[i] as number;
        return [`t${i}`, { dtype: 'U8', shape: [size], data_offsets: [end - size, end] }] as const;
      });
      return fc.shuffledSubarray(entries, { minLength: all.length });
    });
    fc.assert(
      fc.property(shuffled, (entries) => {
        const bytes = Math.max(...entries.map(([, { data_offsets }]) => data_offsets[1] as number));
        const file = rawFile(JSON.stringify(Object.fromEntries(entries)), bytes);
        expect([...readSafetensors(file).tensors.keys()]).toEqual(entries.map(([name]) => name));
      }),
      { numRuns: 500 },
    );
  });

  test('the longest shape, and no elements at the end of a file, are accepted', () => {
    const shape = Array(32).fill(1);
    expect(refusal(rawFile(`{"a":${entry('U8', shape, [0, 1])}}`, 1))).toBe('accepted');
    expect(refusal(rawFile(`{"a":${entry('U8', [0, 7], [0, 0])}}`))).toBe('accepted');
  });

  const claiming = (bytes: number) => {
    const file = new Uint8Array(9);
    new DataView(file.buffer).setBigUint64(0, BigInt(bytes), true);
    return file;
  };
  test.each([
    ['a header of one byte too many', claiming(100_000_001), /the limit is 100000000: not a/],
    ['a header as long as may be', claiming(100_000_000), /and 1 are there: is the file cut off/],
    ['no header', new Uint8Array(8), /the header is not JSON/],
    ['seven bytes', new Uint8Array(7), /^7 bytes are too few for a safetensors file$/],
    ['a byte-order mark', rawFile('\ufeff{}'), /not JSON/],
    ['text as header', rawFile('"x"'), /not a JSON object/],
    ['null as header', rawFile('null'), /not a JSON object/],
    ['a number as header', rawFile('3'), /not a JSON object/],
    ['a dtype in a list', rawFile(`{"a":${entry(['U8'], [1], [0, 1])}}`, 1), /has dtype "U8"/],
    ['a shape that is none', rawFile(`{"a":${entry('U8', 1, [0, 1])}}`, 1), /list of at most 32/],
    ['33 sizes', rawFile(`{"a":${entry('U8', Array(33).fill(1), [0, 1])}}`, 1), /at most 32 sizes/],
    [
      'a size of minus zero',
      rawFile('{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}'),
      /list of at most 32 sizes/,
    ],
    ['one offset', rawFile(`{"a":${entry('U8', [1], [0])}}`, 1), /not \[start, end\]/],
    ['three offsets', rawFile(`{"a":${entry('U8', [1], [0, 1, 1])}}`, 1), /not \[start, end\]/],
    ['offsets of text', rawFile(`{"a":${entry('U8', [1], ['0', '1'])}}`, 1), /not \[start, end\]/],
    [
      'no elements that take bytes',
      rawFile(`{"a":${entry('U8', [0], [0, 1])}}`, 1),
      /U8 \[0\], which needs 0 bytes, and has 1$/,
    ],
    ['metadata that is a list', rawFile('{"__metadata__":[]}'), /__metadata__ is not an object/],
    [
      'a header beyond the limit',
      Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7b),
      /claims 18446744073709551615 bytes/,
    ],
    ['no UTF-8', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xc3, 0x28), /not UTF-8/],
    ['an array as header', rawFile('[]'), /not a JSON object/],
    [
      'a repeated name',
      rawFile(`{"a":${entry('F32', [1], [0, 4])},"\\u0061":${entry('F32', [1], [0, 4])}}`, 4),
      /"a" twice/,
    ],
    [
      'a repeated key of an entry',
      rawFile('{"a":{"dtype":"F32","dtype":"U8","shape":[],"data_offsets":[0,4]}}', 4),
      /"dtype" twice/,
    ],
    [
      'a gap',
      rawFile(`{"a":${entry('U8', [1], [0, 1])},"b":${entry('U8', [1], [2, 3])}}`, 3),
      /gap of 1 bytes/,
    ],
    [
      'an overlap',
      rawFile(`{"a":${entry('U8', [2], [0, 2])},"b":${entry('U8', [2], [1, 3])}}`, 3),
      /overlaps/,
    ],
    [
      'a longer tensor from the same byte',
      rawFile(`{"b":${entry('U8', [1], [0, 1])},"a":${entry('U8', [2], [0, 2])}}`, 2),
      /^tensor "a" at byte 0 overlaps the tensor before it$/,
    ],
    ['bytes of no tensor', rawFile(`{"a":${entry('U8', [1], [0, 1])}}`, 3), /2 bytes at the end/],
    ['offsets out of range', rawFile(`{"a":${entry('U8', [9], [0, 9])}}`, 3), /of 3/],
    ['offsets backwards', rawFile(`{"a":${entry('U8', [1], [2, 1])}}`, 3), /out of range/],
    [
      'a shape that lies',
      rawFile(`{"a":${entry('F32', [3], [0, 4])}}`, 4),
      /needs 12 bytes, and has 4/,
    ],
    [
      'a shape that overflows',
      rawFile(`{"a":${entry('F32', [2 ** 32, 2 ** 32], [0, 4])}}`, 4),
      /needs/,
    ],
    ['a negative size', rawFile(`{"a":${entry('F32', [-1, -1], [0, 4])}}`, 4), /shape/],
    ['a fractional size', rawFile(`{"a":${entry('F32', [0.5, 2], [0, 4])}}`, 4), /shape/],
    [
      'a very long shape',
      rawFile(`{"a":${entry('F32', Array(99).fill(1), [0, 4])}}`, 4),
      /at most 32 sizes/,
    ],
    ['an unknown dtype', rawFile(`{"a":${entry('F4', [1], [0, 4])}}`, 4), /"F4"/],
    [
      'a dtype of Object.prototype',
      rawFile(`{"a":${entry('constructor', [1], [0, 4])}}`, 4),
      /"constructor"/,
    ],
    ['metadata that is no string', rawFile('{"__metadata__":{"k":1}}'), /"k" is not a string/],
    ['a name with line ends', rawFile('{"a\\nb":1}'), /"a\\nb"/],
  ])('%s is refused in one line', (_, file, message) => {
    expect(refusal(file)).toMatch(message);
  });

  test('a name with half a character is refused: others would read another name', () => {
    const file = (name: string) =>
      writeSafetensors({ [name]: hostTensor('u8', [1], Uint8Array.of(1)) });
    const halved = Buffer.from(file('xxxxxx.weight')).toString('latin1');
    const broken = Buffer.from(halved.replace('xxxxxx', '\\ud800'), 'latin1');
    expect(() => readSafetensors(broken)).toThrow(
      'the name "\\ud800.weight" has half a character: it is no Unicode',
    );
    const whole = Buffer.from(halved.replace('xxxxxx', '\\u00fc'), 'latin1');
    expect([...readSafetensors(whole).tensors.keys()]).toEqual(['ü.weight']);
  });

  test('a tensor named __proto__ is a tensor', () => {
    expect([
      ...readSafetensors(rawFile(`{"__proto__":${entry('U8', [1], [0, 1])}}`, 1)).tensors.keys(),
    ]).toEqual(['__proto__']);
  });
});

test('float64 elements stay float64', () => {
  const file = rawFile('{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}', 8);
  new DataView(file.buffer).setFloat64(file.length - 8, 0.1, true);
  const stored = readSafetensors(file).tensors.get('x');
  expect(stored && [...float64Of(stored)]).toEqual([0.1]);
  expect(() => stored && toHostTensor(stored)).toThrow(FormatError);
});

test('the reserved name cannot be written', () => {
  expect(() =>
    writeSafetensors({ __metadata__: hostTensor('u8', [1], new Uint8Array(1)) }),
  ).toThrow(FormatError);
});

test('metadata that is null is none, as MLX writes it', () => {
  expect(readSafetensors(rawFile('{"__metadata__":null}')).metadata.size).toBe(0);
});
