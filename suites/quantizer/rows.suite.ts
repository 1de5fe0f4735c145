import { Tape } from '../../src/autograd/tape.ts';
import { sha256 } from '../../src/formats/sha256.ts';
import { packTrits } from '../../src/quant/ternary/trits.ts';
import { hostTensor } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { suite } from '../../src/testing/suite.ts';
import { drawnWeight, quantizerOf } from './drawn.ts';
import { sameBits } from './parts.ts';

export const quantizedRows = suite('quantizer.rows', {
  description:
    'Weights that are quantized some rows at a time, as those must be that no kernel reaches',
});

function allFirst(fault: FaultDeclaration): void {
  fault.host('quantizer.place', (original) => (scheme, whole, made, at) => {
    original(scheme, whole, made, { ...at, first: 0 });
  });
}

const SHAPE = [75, 256] as const;
const SOME_ROWS = 32 * 256 * 4;

/** Methods whose scales belong to a row or less, and whether one is quick. */
const METHODS = {
  nf4: true,
  mlx: false,
  ternary: true,
  fp4: false,
  int8_blockwise: false,
  llm_int8: false,
  mxfp4: false,
  mxfp8: false,
  nvfp4: false,
  quanto_int8: false,
  quanto_w8a8: false,
  quanto_float8: false,
  quanto_float8_e4m3fnuz: false,
  int8: false,
  q4_0: false,
  q8_0: false,
  onnx_nbits: false,
  f16: false,
  bf16: false,
};

for (const [method, isQuick] of Object.entries(METHODS))
  quantizedRows
    .case('pieces', { method: [method] })
    .tier(isQuick ? 'quick' : 'full')
    .desc(
      'Quantized 32 rows at a time, with 11 left, a weight of 75 rows has the parts that it has at once, bit for bit.',
    )
    .control('every piece is placed first', allFirst)
    .run(async (t) => {
      const host = drawnWeight(t, 0, SHAPE);
      // Blocks of the flat weight must end with its rows.
      const options = method === 'int8_blockwise' ? { method, groupSize: 256 } : { method };
      const quantizer = quantizerOf(t, options);
      using weight = Tensor.from(t.gpu, host);
      using tape = new Tape(t.gpu);
      const whole = quantizer.quantizeWeight(tape, weight, 'fc').parts;
      const read = (first: number, count: number) =>
        hostTensor('f32', [count, 256], host.data.slice(256 * first, 256 * (first + count)));
      const pieces = quantizer.quantizeRows(t.gpu, { shape: SHAPE, read }, 'fc', {
        bytes: SOME_ROWS,
      }).parts;
      for (const [name, part] of Object.entries<Tensor>(whole)) {
        const other = (pieces as Readonly<Record<string, Tensor>>)[name] as Tensor;
        const isSame = sameBits(await part.read(), await other.read());
        t.expect(isSame, () => `${name} by ${method} differs`);
        part[Symbol.dispose]();
        other[Symbol.dispose]();
      }
    });

/** One row more than the default binding of 128 MiB holds in float32. */
const ROWS = 8193;
const WIDTH = 4096;

/** Whole numbers from -8 to 7, by a multiplicative hash (Knuth). */
const numberAt = (i: number) => (Math.imul(i + 1, 0x9e3779b1) >>> 28) - 8;

/** Trits of a row of whole numbers by 0.7 of its mean, which 4,096 numbers have exactly. */
function tritsOfRow(row: number): Int8Array {
  const numbers = Array.from({ length: WIDTH }, (_, i) => numberAt(row * WIDTH + i));
  const mean = numbers.reduce((sum, w) => sum + Math.abs(w), 0) / WIDTH;
  const threshold = Math.fround(Math.fround(0.7) * mean);
  return Int8Array.from(numbers, (w) => (Math.abs(w) > threshold ? Math.sign(w) : 0));
}

quantizedRows
  .case('beyond-one-binding')
  .covers('triton.quantization.large-tensor/beyond-one-binding')
  .tier('full')
  .timeout(120_000)
  .desc(
    'A weight of 8193 x 4096, a row more than a default binding holds, is quantized by rows; its packed trits have the hash of those that the definition gives.',
  )
  .control('every piece is placed first', allFirst)
  .run(async (t) => {
    const read = (first: number, count: number) => {
      const data = Float32Array.from({ length: count * WIDTH }, (_, i) =>
        numberAt(first * WIDTH + i),
      );
      return hostTensor('f32', [count, WIDTH], data);
    };
    const source = { shape: [ROWS, WIDTH], read };
    const weight = quantizerOf(t, { method: 'ternary' }).quantizeRows(t.gpu, source, 'fc', {
      bytes: 2 ** 27,
    });
    const { packed, scale } = weight.parts as Record<'packed' | 'scale', Tensor>;
    const expected = new Uint8Array((ROWS * WIDTH) / 4);
    for (let row = 0; row < ROWS; row++)
      expected.set(packTrits(tritsOfRow(row)), (row * WIDTH) / 4);
    const actual = (await packed.read()).data as Uint8Array<ArrayBuffer>;
    const found = await sha256(actual);
    const right = await sha256(expected);
    t.expect(found === right, () => `the hash is ${found}, and of the definition ${right}`);
    for (const part of [packed, scale]) part[Symbol.dispose]();
  });
