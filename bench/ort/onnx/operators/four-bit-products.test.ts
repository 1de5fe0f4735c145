import * as ort from 'onnxruntime-web';
import { expect, test } from 'vitest';
import { drawnCall } from '../../../../src/bench/drawn.ts';
import { operand, opWork } from '../../../../src/bench/op-work.ts';
import { CallOracle } from '../../../../src/bench/oracle.ts';
import { blockFormatOf } from '../../../../src/quant/registry.ts';
import { hostTensor, hostTensorFrom } from '../../../../src/tensor/host.ts';
import { signatureOf } from '../../../../src/vocabulary/registry.ts';
import { OrtContender } from '../../contender.ts';
import { wasmProvider } from '../../wasm.ts';
import { linearCodes } from './four-bit-products.ts';

const nf4 = blockFormatOf('nf4');
const codeOf = (value: number) => Array.from(nf4.values).indexOf(value);
const packed = (values: readonly number[]) => {
  const bytes = nf4.packing.pack(values.map(codeOf), nf4.zeroCode);
  return hostTensor('u8', [bytes.length, 1], bytes);
};

test('codes stand for the same numbers, the first of a byte in its low bits', () => {
  const codes = linearCodes(nf4, packed([1, -1, 0, 1]), 4);
  expect([...codes]).toEqual([0x79, 0x98]);
});

test('a weight between two whole numbers of its scale is refused, with its place', () => {
  const half = Array.from(nf4.values).find((value) => value > 0 && value < 1) as number;
  expect(() => linearCodes(nf4, packed([0, half]), 2)).toThrow(
    `element 1 is ${half} scales, and MatMulNBits has whole numbers: draw codes of -1, 0, 1`,
  );
});

const rows = 3;
const outFeatures = 5;
const inFeatures = 64;
const blocksize = 32;
const elements = outFeatures * inFeatures;
const work = opWork({
  op: signatureOf('matmul_4bit'),
  sizes: {},
  group: '4-bit products',
  flops: 0,
  params: {
    quant_type: 'nf4',
    blocksize,
    out_features: outFeatures,
    in_features: inFeatures,
  },
  inputs: {
    x: [rows, inFeatures],
    packed: operand([elements / 2, 1], 'u8', (random) =>
      packed(Array.from({ length: elements }, () => random.integer(-1, 1))),
    ),
    absmax: operand([elements / blocksize], 'f32', (random, shape) =>
      hostTensorFrom(
        'f32',
        shape,
        random.fill(elements / blocksize, () => random.uniform(0.25, 4)),
      ),
    ),
  },
  gives: { y: [rows, outFeatures] },
});

test.each([
  ['accuracy_level 0', undefined],
  ['accuracy_level 4', 1 / 254],
])('%s computes the product, its activations off by %s', async (setting, relative) => {
  const contender = new OrtContender(wasmProvider(ort));
  expect(contender.settingsFor(work)).toContain(setting);
  await using prepared = await contender.prepare(work, setting);
  expect(prepared.coarser).toEqual(
    relative === undefined ? undefined : { relative, source: expect.stringContaining('int8') },
  );
  const { outputs } = await prepared.results();
  const { compared } = new CallOracle(drawnCall(work)).judge({ outputs, gradients: {} });
  expect(compared).toBe(rows * outFeatures);
});
