import { float64Of, type StoredTensor } from '../../src/formats/safetensors/stored.ts';
import { sha256 } from '../../src/formats/sha256.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { present } from '../../src/graph/call.ts';
import { int8VectorwiseQuant } from '../../src/ops/quant/int8_vectorwise_quant.ts';
import { quantizeBlocks, quantizerOf } from '../../src/ops/quant/quantize.ts';
import { createDynamicMap } from '../../src/quant/dynamic/map.ts';
import { blockFormatOf } from '../../src/quant/registry.ts';
import { EPS, FLUSH, gamma, SECOND_ORDER } from '../../src/reference/bounds.ts';
import { type HostTensor, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { controlOf } from '../../src/testing/parity.ts';
import { suite } from '../../src/testing/suite.ts';
import { goldenOf } from './goldens/golden.ts';
import { expectSameCodes, judgeGolden } from './goldens/judged.ts';
import { packedByIeee, rowsByIeee, wrongByte, wrongCode } from './goldens/large.ts';

export const bitsandbytes = suite('quant.bitsandbytes', {
  description: 'Codes of four bits and of eight beside those that bitsandbytes gave',
});

const ROW = 'fsdp.quantization.parity-bnb';

/** 4096 x 4096 normal numbers, a heavy tail, and blocks of zeros. */
const WEIGHTS = ['normal', 'heavy', 'zero-blocks'];

/** Sixteen million codes are found on the host too. */
const TIMEOUT_MS = 300_000;

const SWAPPED = controlOf('quantize_4bit');

for (const type of ['nf4', 'fp4'] as const)
  bitsandbytes
    .case('four-bit', { type: [type] })
    .tier('full')
    .timeout(TIMEOUT_MS)
    .covers(`${ROW}/${type}-codes`, `${ROW}/three-tensors`)
    .desc(
      'Of 4096 x 4096 normal weights, of heavy-tailed ones and of some with blocks of zeros, in blocks of 64, each code is that of bitsandbytes, whose bytes have the hash of the reference on the host: byte for byte where the probe shows IEEE, else but for neighbours in the band; so are those with scales in 8 bits.',
    )
    .control(SWAPPED.name, SWAPPED.faults)
    .run(async (t) => {
      for (const kind of WEIGHTS) {
        const { inputs, hashes } = await goldenOf(t, `${type}-${kind}`);
        const host = inputs['weight'] as HostTensor;
        using scope = new Scope();
        const weight = scope.add(Tensor.from(t.gpu, host));
        const made = quantizeBlocks(t.gpu, weight, { quant_type: type, blocksize: 64 });
        const packed = scope.add(made.packed);
        const absmax = scope.add(made.absmax);
        const data = host.data as Float32Array;
        const expected = packedByIeee(data, type);
        const hash = await sha256(expected);
        t.expect(hash === hashes['packed'], () => `${kind}: the reference has the hash ${hash}`);
        const actual = (await packed.read()).data as Uint8Array<ArrayBuffer>;
        const wrong = wrongByte({ actual, expected }, data, type, t.ieee);
        t.expect(wrong === undefined, () => `${kind}: byte ${wrong} is ${actual[wrong ?? 0]}`);
        const scales = (await absmax.read()).data as Float32Array;
        const ofScales = await sha256(new Uint8Array(scales.slice().buffer));
        t.expect(ofScales === hashes['absmax'], () => `${kind}: scales have the hash ${ofScales}`);
      }
      expectSameCodes(t, await judgeGolden(t, `${type}-double`));
    });

const LARGER = controlOf('int8_vectorwise_quant');

bitsandbytes
  .case('eight-bit')
  .tier('full')
  .timeout(TIMEOUT_MS)
  .covers(`${ROW}/int8-codes`, `${ROW}/three-tensors`)
  .desc(
    'Of the same weights the codes of rows by their largest magnitude are those of bitsandbytes, by the hash of the reference: byte for byte where the probe shows IEEE, else but for neighbours in the band.',
  )
  .control(LARGER.name, LARGER.faults)
  .run(async (t) => {
    for (const kind of WEIGHTS) {
      const { inputs, hashes } = await goldenOf(t, `int8-${kind}`);
      const host = inputs['x'] as HostTensor;
      const cols = host.shape.at(-1) as number;
      using scope = new Scope();
      const x = scope.add(Tensor.from(t.gpu, host));
      const { q } = scope.addAll(int8VectorwiseQuant.forward(t.gpu, { x }, { threshold: 0 }));
      const data = host.data as Float32Array;
      const expected = rowsByIeee(data, cols);
      const hash = await sha256(new Uint8Array(expected.buffer));
      t.expect(hash === hashes['q'], () => `${kind}: the reference has the hash ${hash}`);
      const actual = (await q.read()).data as Int8Array;
      const wrong = wrongCode({ actual, expected }, data, cols, t.ieee);
      t.expect(wrong === undefined, () => `${kind}: code ${wrong} is ${actual[wrong ?? 0]}`);
    }
  });

bitsandbytes
  .case('dequant', { type: ['nf4', 'fp4'] })
  .tier('full')
  .covers(`${ROW}/dequant-within-bound`)
  .desc(
    'What heavy-tailed weights are decoded to is within a unit in the last place of the stored absmax times the value of the code.',
  )
  .control('four of eight are written twice', (fault) =>
    fault.shader(
      'quant/dequantize',
      'y[first / 4u + 1u] = bitcast<vec4u>(eight.high);',
      'y[first / 4u + 1u] = bitcast<vec4u>(eight.low);',
    ),
  )
  .run(async (t) => {
    const { inputs, params } = await goldenOf(t, `${t.params.type}-heavy`);
    const { values, packing } = blockFormatOf(t.params.type);
    using scope = new Scope();
    const weight = scope.add(Tensor.from(t.gpu, inputs['weight'] as HostTensor));
    const launcher = quantizerOf(blockFormatOf(t.params.type));
    const made = scope.addAll(present(launcher.forward(t.gpu, { weight }, params as never)));
    const read = (name: string) => (made[name] as Tensor).read();
    const packed = valuesOf(await read('packed'));
    const absmax = valuesOf(await read('absmax'));
    const actual = await read('dequant');
    const data = Float64Array.from(
      { length: weight.size },
      (_, i) =>
        (values[packing.codeAt(packed, i)] as number) * (absmax[Math.floor(i / 64)] as number),
    );
    const bound = data.map((y) => EPS * Math.abs(y) + FLUSH);
    const decoded = { shape: actual.shape, data: valuesOf(actual) };
    t.expectAccepted('dequant', decoded, { shape: actual.shape, data }, { kind: 'within', bound });
  });

bitsandbytes
  .case('restored-absmax', { type: ['nf4', 'fp4'] })
  .tier('full')
  .covers(`${ROW}/restored-absmax`)
  .desc(
    'The absmax that is restored from its code of 8 bits is the code of the map times the second absmax plus the mean that bitsandbytes recorded, within the bounds of that mean, a product and a sum.',
  )
  .control('the mean is taken off, not added', (fault) =>
    fault.shader('quant/dequantize_blockwise', '* scale + shift', '* scale - shift'),
  )
  .run(async (t) => {
    const { inputs, outputs, params } = await goldenOf(t, `${t.params.type}-double`);
    using scope = new Scope();
    const weight = scope.add(Tensor.from(t.gpu, inputs['weight'] as HostTensor));
    const launcher = quantizerOf(blockFormatOf(t.params.type));
    const made = scope.addAll(present(launcher.forward(t.gpu, { weight }, params as never)));
    const read = async (name: string) => valuesOf(await (made[name] as Tensor).read());
    const codes = await read('absmax_q');
    const scales = await read('nested_absmax');
    const map = createDynamicMap(true);
    const [offset = 0] = float64Of(outputs['nested_offset'] as StoredTensor);
    const products = codes.map(
      (code, j) => (map[code] as number) * (scales[Math.floor(j / 256)] as number),
    );
    const ofMean = offset * gamma(codes.length + 3) + FLUSH;
    const data = products.map((y) => y + offset);
    const bound = products.map(
      (y) => (2 * EPS * Math.abs(y) + EPS * offset + ofMean) * SECOND_ORDER + FLUSH,
    );
    const shape = [codes.length];
    const restored = { shape, data: await read('absmax') };
    t.expectAccepted('absmax', restored, { shape, data }, { kind: 'within', bound });
  });
