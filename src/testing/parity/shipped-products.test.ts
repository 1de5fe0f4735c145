import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ParityBundle, readParityBundle } from '../../formats/parity-bundle.ts';
import type { StoredTensor } from '../../formats/safetensors/stored.ts';
import { SkipSignal } from '../context.ts';
import { replayed } from './fixtures/replayed.ts';

const SET = 'public/parity';

/** By ops of products: the inputs that are codes and scales; those of a block begin its bytes. */
const PARTS: Readonly<Record<string, readonly [codes: string, scales: string]>> = {
  gguf_matmul: ['packed', 'of the blocks'],
  hqq_matmul: ['packed', 'scale'],
  matmul_4bit: ['packed', 'absmax'],
  matmul_8bit: ['q', 'scale'],
  mlx_matmul: ['packed', 'scales'],
  quanto_matmul: ['packed', 'scale'],
  ternary_matmul: ['packed', 'scale'],
};

const { cases } = JSON.parse(readFileSync(`${SET}/INDEX.json`, 'utf8')) as {
  readonly cases: readonly { readonly name: string; readonly op: string }[];
};
const shipped = cases
  .filter(({ op }) => op in PARTS)
  .map(({ name, op }) => {
    const bundle = readParityBundle(readFileSync(`${SET}/${name}.safetensors`));
    return { name, bundle, parts: PARTS[op] as (typeof PARTS)[string] };
  });

/** The bundle with other bytes in an input. */
function withInput(
  bundle: ParityBundle,
  name: string,
  change: (tensor: StoredTensor) => Uint8Array,
): ParityBundle {
  const tensor = bundle.tensors.inputs[name] as StoredTensor;
  const inputs = { ...bundle.tensors.inputs, [name]: { ...tensor, bytes: change(tensor) } };
  return { ...bundle, tensors: { ...bundle.tensors, inputs } };
}

/** The code in the lowest bits of each of the first four bytes, more or less by one: a word may pad. */
const codesOff = ({ bytes }: StoredTensor) => bytes.map((byte, i) => (i < 4 ? byte ^ 1 : byte));

/** The first scale 1 % larger, or the next that its format has. */
function scaleOff({ dtype, bytes }: StoredTensor): Uint8Array {
  const copy = Uint8Array.from(bytes);
  if (dtype === 'U8') copy[0] = (copy[0] as number) + 1;
  else {
    const scales = new Float32Array(copy.buffer);
    scales[0] = 1.01 * (scales[0] as number);
  }
  return copy;
}

const findingOf = async (bundle: ParityBundle) => {
  const { thrown, evidence } = await replayed(bundle);
  expect(thrown).toBeUndefined();
  return evidence.finding;
};

describe.each(shipped)('the product $name', ({ bundle, parts: [codes, scales] }) => {
  test('deviates from nothing', async () => {
    expect(await findingOf(bundle)).toBeUndefined();
  });

  test('shows codes that are off by one, both ways', async () => {
    const finding = await findingOf(withInput(bundle, codes, codesOff));
    expect(finding?.code).toBe('producer-deviates');
    expect(finding?.message).toMatch(/: y\[.*; also gradient of x/);
  });

  test.runIf(scales in bundle.tensors.inputs)('shows a wrong scale, both ways', async () => {
    const finding = await findingOf(withInput(bundle, scales, scaleOff));
    expect(finding?.code).toBe('producer-deviates');
    expect(finding?.message).toMatch(/: y\[.*; also gradient of x/);
  });
});

test('products of every library with codes are shipped', () => {
  expect(new Set(shipped.map(({ bundle }) => bundle.op))).toEqual(new Set(Object.keys(PARTS)));
});

test('codes that stand for no number are not computed', async () => {
  const of = (part: string) => shipped.find(({ name }) => name.includes(part))?.bundle;
  for (const [part, input, first, why] of [
    ['quanto_product_qfloat8_e4m3fn', 'q', 0x7f, 'codes of e4m3 that stand for no number'],
    ['quanto_product_qfloat8_e4m3fnuz', 'q', 0x80, 'codes of e4m3fnuz that stand for no number'],
    ['quanto_product_qfloat8_e5m2', 'q', 0xfc, 'codes of e5m2 that stand for no number'],
    ['mlx_product_mxfp8', 'packed', 0xff, 'codes or scales of mxfp8 that stand for no number'],
    ['mlx_product_mxfp4', 'scales', 0xff, 'codes or scales of mxfp4 that stand for no number'],
    ['mlx_product_nvfp4', 'scales', 0x7f, 'codes or scales of nvfp4 that stand for no number'],
    ['gguf_product_q8_0', 'packed', [0x00, 0x7c], 'blocks whose scale stands for no number'],
  ] as const) {
    const bundle = of(part) as ParityBundle;
    const { thrown } = await replayed(
      withInput(bundle, input, ({ bytes }) => bytes.map((one, i) => [first].flat()[i] ?? one)),
    );
    expect(thrown).toBeInstanceOf(SkipSignal);
    expect((thrown as SkipSignal).message).toContain(why);
  }
});
