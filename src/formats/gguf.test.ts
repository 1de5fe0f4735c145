import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { f32FromF16 } from '../tensor/half.ts';
import { FormatError } from './format-error.ts';
import { llamaCheckpoint } from './gguf/llama-checkpoint.ts';
import { huggingFaceName } from './gguf/llama-names.ts';
import { type GgufTensor, readGguf } from './gguf.ts';

/**
 * Written by gguf 0.19.0 (GGUFWriter, quants.quantize): a Llama of one layer with two heads and one
 * for keys, whose weights are 1 in their first row, 2 in the second, and so on. Rows of q and k were
 * permuted as convert_hf_to_gguf.py does.
 */
const FILE = new Uint8Array(readFileSync(`${import.meta.dirname}/fixtures/llama.gguf`));

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).not.toMatch(/[\n\r]/);
    return (error as Error).message;
  }
  return 'accepted';
}

/** The first element of each row, of halves, or of blocks whose rows are one number. */
function firstOfRows({ type, shape, bytes }: GgufTensor): number[] {
  const line = bytes.length / (shape[0] as number);
  return Array.from({ length: shape[0] as number }, (_, row) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + row * line);
    if (type.name === 'f32') return view.getFloat32(0, true);
    const half = f32FromF16(view.getUint16(0, true));
    if (type.name === 'f16') return half;
    return half * (type.name === 'q8_0' ? view.getInt8(2) : (view.getUint8(2) & 15) - 8);
  });
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe('a file of the Python library', () => {
  const { metadata, tensors } = readGguf(FILE);

  test('has its metadata', () => {
    expect(Object.fromEntries(metadata)).toMatchObject({
      'general.architecture': 'llama',
      'general.name': 'tiny',
      'general.flag': true,
      'general.numbers': [1, -2, 3],
      'general.large': 2n ** 60n,
      'llama.attention.head_count': 2,
      'llama.attention.layer_norm_rms_epsilon': Math.fround(1e-5),
      'tokenizer.ggml.tokens': ['<s>', '</s>', 'a', 'ä'],
    });
  });

  test('has its tensors, row-major', () => {
    expect(
      Array.from(tensors, ([name, { type, shape, bytes }]) => [
        name,
        type.name,
        shape,
        bytes.length,
      ]),
    ).toEqual([
      ['token_embd.weight', 'f16', [4, 32], 256],
      ['blk.0.attn_q.weight', 'q8_0', [32, 32], 1088],
      ['blk.0.attn_k.weight', 'q4_0', [16, 32], 288],
      ['blk.0.attn_v.weight', 'q4_0', [16, 32], 288],
      ['blk.0.attn_q.bias', 'f32', [32], 128],
      ['output_norm.weight', 'f32', [32], 128],
      ['rope_freqs.weight', 'f32', [8], 32],
    ]);
    expect(firstOfRows(tensors.get('token_embd.weight') as GgufTensor)).toEqual(upTo(4));
  });

  test('is a checkpoint by the names of Hugging Face, heads in halves', () => {
    const checkpoint = llamaCheckpoint({ metadata, tensors });
    const rows = (name: string) =>
      firstOfRows(checkpoint.tensors.get(name) as GgufTensor).map((x) => Math.round(x));
    expect([...checkpoint.tensors.keys()]).toEqual([
      'model.embed_tokens.weight',
      'model.layers.0.self_attn.q_proj.weight',
      'model.layers.0.self_attn.k_proj.weight',
      'model.layers.0.self_attn.v_proj.weight',
      'model.layers.0.self_attn.q_proj.bias',
      'model.norm.weight',
    ]);
    expect(checkpoint.unnamed).toEqual(['rope_freqs.weight']);
    expect(rows('model.layers.0.self_attn.q_proj.weight')).toEqual(upTo(32));
    expect(rows('model.layers.0.self_attn.q_proj.bias')).toEqual(upTo(32).map((n) => n - 1));
    expect(rows('model.layers.0.self_attn.k_proj.weight')).toEqual(upTo(16));
    expect(rows('model.layers.0.self_attn.v_proj.weight')).toEqual(upTo(16));
  });

  test.each([
    ['another architecture', 'general.architecture', 'qwen2', '"qwen2": only llama is known'],
    ['no number of heads', 'llama.attention.head_count', undefined, 'head_count is missing'],
    ['a number of heads that is none', 'llama.attention.head_count', 0, 'no positive integer'],
    ['heads that do not fit', 'llama.attention.head_count', 5, 'are no pairs of 5 heads'],
  ])('is refused with %s', (_, key, value, message) => {
    const changed = new Map(metadata);
    if (value === undefined) changed.delete(key);
    else changed.set(key, value);
    expect(refusal(() => llamaCheckpoint({ metadata: changed, tensors }))).toContain(message);
  });
});

test.each([
  ['blk.31.ffn_down.weight', 'model.layers.31.mlp.down_proj.weight'],
  ['blk.3.attn_output.weight', 'model.layers.3.self_attn.o_proj.weight'],
  ['blk.0.ffn_norm.weight', 'model.layers.0.post_attention_layernorm.weight'],
  ['blk.0.attn_q_norm.weight', 'model.layers.0.self_attn.q_norm.weight'],
  ['output.weight', 'lm_head.weight'],
  ['blk.0.output.weight', undefined],
  ['attn_q.weight', undefined],
  ['blk.01.attn_q.weight', undefined],
  ['constructor.weight', undefined],
])('%s is %s', (name, expected) => {
  expect(huggingFaceName(name)).toBe(expected);
});

/** A file made by bytes: numbers of so many bytes, and strings after their lengths. */
function made(...parts: readonly (readonly [bytes: 1 | 4 | 8, value: number | bigint] | string)[]) {
  const bytes = parts.flatMap((part) => {
    if (typeof part !== 'string') return littleEndian(part[0], BigInt(part[1]));
    const text = new TextEncoder().encode(part);
    return [...littleEndian(8, BigInt(text.length)), ...text];
  });
  return Uint8Array.from(bytes);
}

const littleEndian = (bytes: number, value: bigint) =>
  Array.from({ length: bytes }, (_, k) => Number((value >> BigInt(8 * k)) & 255n));

const head = (tensors: number | bigint, pairs: number | bigint, version = 3) =>
  [
    [4, 0x46554747],
    [4, version],
    [8, tensors],
    [8, pairs],
  ] as const;
const tensor = (name: string, dims: readonly (number | bigint)[], type: number, offset: number) =>
  [name, [4, dims.length], ...dims.map((n) => [8, n] as const), [4, type], [8, offset]] as const;
/** So many bytes of data. */
const data = (count: number) => Array.from({ length: count }, () => [1, 0] as const);

describe('what is wrong is told in one line', () => {
  test.each<[what: string, file: Uint8Array, message: string]>([
    ['nothing', new Uint8Array(0), 'does not begin with GGUF'],
    ['another format', made([4, 1], [4, 3]), 'does not begin with GGUF'],
    [
      'a pickle',
      Uint8Array.of(0x80, 2, 0x7d, 0x71),
      'the file is a Python pickle (.pt, .pth, .bin, .pkl), which is a program, and does not begin with GGUF',
    ],
    ['an end after the magic number', made([4, 0x46554747]), 'ends at byte 4, in the version'],
    ['an old version', made(...head(0, 0, 1)), 'version 1; known are 2 and 3'],
    ['the other order of bytes', made(...head(0, 0, 3 << 24)), 'big-endian'],
    ['more tensors than bytes', made(...head(2n ** 63n, 0)), 'the number of tensors is 9223372036'],
    ['more keys than bytes', made(...head(0, 1)), 'the number of keys is 1, and 0 bytes are left'],
    [
      'a key longer than the file',
      made(...head(0, 1), [8, 2n ** 40n], ...data(8)),
      'the length of key 0 is 1099511627776',
    ],
    [
      'a key twice',
      made(...head(0, 2), 'a', [4, 0], [1, 1], 'a', [4, 0], [1, 1], ...data(9)),
      '"a" is there twice',
    ],
    ['a type of value', made(...head(0, 1), 'a', [4, 13], ...data(9)), 'has type 13'],
    [
      'an array longer than the file',
      made(...head(0, 1), 'a', [4, 9], [4, 4], [8, 2n ** 32n], [8, 0]),
      'the number of elements of the value of "a" is 4294967296, and 8 bytes are left',
    ],
    [
      'arrays in arrays',
      made(
        ...head(0, 1),
        'a',
        [4, 9],
        ...Array.from(
          { length: 9 },
          () =>
            [
              [4, 9],
              [8, 1],
            ] as const,
        ).flat(),
        ...data(64),
      ),
      'more than 4 levels',
    ],
    ['a boolean of 2', made(...head(0, 1), 'a', [4, 7], [1, 2]), 'is a boolean of 2'],
    [
      'an alignment of 24',
      made(...head(0, 1), 'general.alignment', [4, 4], [4, 24]),
      'general.alignment is 24, and no power of two',
    ],
    [
      'an alignment of 0',
      made(...head(0, 1), 'general.alignment', [4, 4], [4, 0]),
      'general.alignment is 0',
    ],
    ['five dimensions', made(...head(1, 0), ...tensor('w', [1, 1, 1, 1, 1], 0, 0)), '5 dimensions'],
    ['an unknown type', made(...head(1, 0), ...tensor('w', [32], 4, 0)), 'has type 4'],
    [
      'rows that are no blocks',
      made(...head(1, 0), ...tensor('w', [48, 2], 2, 0)),
      'rows of 48 elements, which are no q4_0 blocks of 32',
    ],
    [
      'dimensions whose product is beyond 2^53',
      made(...head(1, 0), ...tensor('w', [2n ** 40n, 2n ** 40n], 0, 0)),
      'the number of elements of tensor "w" is 1208925819614629174706176',
    ],
    [
      'an offset that is not aligned',
      made(...head(1, 0), ...tensor('w', [8], 0, 8), ...data(99)),
      'is not at a multiple of 32',
    ],
    [
      'data that is cut off',
      made(...head(1, 0), ...tensor('w', [32], 0, 0), ...data(64)),
      'has 128 bytes, and the data',
    ],
    [
      'tensors in one place',
      made(...head(2, 0), ...tensor('v', [32], 0, 0), ...tensor('w', [4], 0, 32), ...data(256)),
      'tensor "w" at byte 32 of the data overlaps the tensor before it',
    ],
    [
      'a name twice',
      made(...head(2, 0), ...tensor('w', [8], 0, 0), ...tensor('w', [8], 0, 32), ...data(96)),
      'tensor "w" is there twice',
    ],
  ])('%s', (_, file, message) => {
    expect(refusal(() => readGguf(file))).toContain(message);
  });

  test('wherever the file ends', () => {
    const { tensors } = readGguf(FILE);
    const last = tensors.get('rope_freqs.weight') as GgufTensor;
    const end = last.bytes.byteOffset + last.bytes.length;
    for (let length = 0; length < end; length += length < 900 ? 1 : 97)
      expect(refusal(() => readGguf(FILE.subarray(0, length)))).not.toBe('accepted');
  });

  test('or the file is read, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.nat(FILE.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        refusal(() => readGguf(FILE.with(at, byte)));
      }),
    );
  });
});

test('a file without keys and tensors, and one with a gap between tensors, are read', () => {
  expect(readGguf(made(...head(0, 0, 2)))).toEqual({ metadata: new Map(), tensors: new Map() });
  const file = made(
    ...head(2, 0),
    ...tensor('v', [], 0, 64),
    ...tensor('w', [0, 3], 0, 0),
    ...data(128),
  );
  const { tensors } = readGguf(file);
  expect(tensors.get('v')).toMatchObject({ shape: [] });
  expect(tensors.get('v')?.bytes.length).toBe(4);
  expect(tensors.get('w')?.shape).toEqual([3, 0]);
});
