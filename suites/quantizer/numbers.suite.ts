import { Tape } from '../../src/autograd/tape.ts';
import { WebGpuBackend } from '../../src/backends/webgpu.ts';
import { drawSpirals } from '../../src/data/spirals.ts';
import { sha256 } from '../../src/formats/sha256.ts';
import { Mlp } from '../../src/models/mlp/mlp.ts';
import { packTrits } from '../../src/quant/ternary/trits.ts';
import { type DeviceWeight, decodedWeight } from '../../src/quantizer/coding.ts';
import type { LayerOptions } from '../../src/quantizer/policy.ts';
import { quantizeInSteps } from '../../src/quantizer/steps.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { Learner } from '../../src/train/learner.ts';
import { bitnetQuantize } from '../../src/vocabulary/quant/bitnet_quantize.ts';
import { completed } from '../../src/vocabulary/signature.ts';
import { drawn, drawnWeight, quantizerOf } from './drawn.ts';
import { readTensors, sameBits } from './parts.ts';

export const quantizedNumbers = suite('quantizer.numbers', {
  description:
    'What quantized weights are worth: errors by bits, large weights, training around them',
});

const ROW = 'triton.quantization';

quantizedNumbers
  .case('permitted-updates')
  .covers(`${ROW}.mixed-precision-ternary-model/permitted-updates`)
  .desc(
    'With a ternary first layer ten steps of training change every bias and the other weights, and no bit of the trits and their scales.',
  )
  .control('the product overwrites its trits', (fault) =>
    fault.host('ternary_matmul.forward', (original) => (gpu, inputs, ...rest) => {
      const { packed } = inputs;
      packed.write(hostTensorFrom('u8', packed.shape, new Float64Array(packed.size)));
      return original(gpu, inputs, ...rest);
    }),
  )
  .run(async (t) => {
    using model = new Mlp(t.gpu, { inFeatures: 2, hidden: 24, classes: 2 }, t.random());
    const rules = [{ layers: 'fc1', to: { method: 'ternary' } }];
    quantizerOf(t, { method: 'ternary' }).quantizeModel(model, { rules, rest: 'keep' });
    const before = await readTensors(model.values);
    using learner = new Learner(t.gpu, model, {
      draw: drawSpirals,
      batchSize: 16,
      optimizer: { optimizer: 'adamw', lr: 0.01, weight_decay: 0 },
      seed: t.seed,
    });
    for (let step = 0; step < 10; step++) await learner.step();
    const after = await readTensors(model.values);
    for (const [name, tensor] of before) {
      const isFixed = name.startsWith('fc1.weight');
      const isSame = sameBits(tensor, after.get(name));
      t.expect(isSame === isFixed, () => `${name} ${isSame ? 'stayed' : 'changed'}`);
    }
  });

/** A layer of 1000 x 1000 by trits with one threshold: a hash of its packed bytes, and the expected. */
async function millionTrits(t: CaseContext): Promise<readonly [actual: string, expected: string]> {
  const host = drawn(t, 0, [1000, 1000]);
  using weight = Tensor.from(t.gpu, host);
  using tape = new Tape(t.gpu);
  const options = { method: 'bitnet' };
  const quantized = quantizerOf(t, options).quantizeWeight(tape, weight, 'fc');
  const { packed, scale } = quantized.parts as Record<'packed' | 'scale', Tensor>;
  const data = valuesOf(host);
  // round(w / (scale + eps)) is 1 from half of the divisor on; a tie goes to 0.
  const { eps } = completed(bitnetQuantize, {});
  const half = (Number(valuesOf(await scale.read())[0]) + Math.fround(eps)) / 2;
  const edge = Math.fround(2 * half) / 2;
  const trits = data.map((w) => (Math.abs(w) > edge ? Math.sign(w) : 0));
  const read = (await packed.read()).data as Uint8Array<ArrayBuffer>;
  const hashes = [await sha256(read), await sha256(Uint8Array.from(packTrits(trits)))] as const;
  for (const part of [packed, scale]) part[Symbol.dispose]();
  return hashes;
}

quantizedNumbers
  .case('million')
  .covers(`${ROW}.large-tensor/million-elements`)
  .tier('full')
  .desc(
    'A weight of 1000 x 1000 has the packed trits of the definition, by the hash of their bytes.',
  )
  .control('trits of the other sign', (fault) =>
    fault.shader(
      'quant/ternary_pack',
      '(four + 0x01010101u) & 0x03030303u',
      '(0x05050505u - four) & 0x03030303u',
    ),
  )
  .run(async (t) => {
    const [actual, expected] = await millionTrits(t);
    t.expect(actual === expected, () => `the hash is ${actual}, and of the definition ${expected}`);
  });

/** Mean square of the error of the outputs of 64 rows, and bits a weight. */
async function outputError(t: CaseContext, options: LayerOptions) {
  using weight = Tensor.from(t.gpu, drawnWeight(t, 0, [64, 256]));
  using x = Tensor.from(t.gpu, drawn(t, 1, [64, 256]));
  using tape = new Tape(t.gpu);
  const quantized = quantizerOf(t, options).quantizeWeight(tape, weight, 'fc');
  const bytes = Object.values(quantized.parts).reduce((sum, part) => sum + part.bytes, 0);
  const dense = valuesOf(await decodedWeight(tape, quantized, 'fc').read());
  const exact = valuesOf(await weight.read());
  const rows = valuesOf(await x.read());
  for (const part of Object.values<Tensor>(quantized.parts)) part[Symbol.dispose]();
  let sum = 0;
  for (let row = 0; row < 64; row++) {
    for (let out = 0; out < 64; out++) {
      let off = 0;
      for (let k = 0; k < 256; k++) {
        const at = out * 256 + k;
        off += (rows[row * 256 + k] as number) * ((dense[at] as number) - (exact[at] as number));
      }
      sum += off * off;
    }
  }
  return { mse: sum / 4096, bits: (8 * bytes) / exact.length };
}

/** Within each family errors do not grow with bits. */
const FAMILIES = {
  hqq: [2, 3, 4, 8],
  mlx: [2, 3, 4, 5, 6, 8],
  quanto_int: [2, 4],
} as const;

quantizedNumbers
  .case('monotone', { family: Object.keys(FAMILIES) as (keyof typeof FAMILIES)[] })
  .tier('full')
  .covers(`${ROW}.accuracy-compression-tradeoff/mse-monotone`)
  .desc('Within a family of methods the mean square error of outputs does not grow with bits.')
  .control('codes of 4 bits are those of the neighbours', (fault) =>
    fault.launch('unpack_codes.forward', ([gpu, inputs, params, ...rest]) => [
      gpu,
      inputs,
      params.bits === 4 ? { ...params, order: params.order === 'low' ? 'high' : 'low' } : params,
      ...rest,
    ]),
  )
  .run(async (t) => {
    const { family } = t.params;
    const errors: number[] = [];
    for (const bits of FAMILIES[family]) {
      const { mse, bits: taken } = await outputError(t, { method: family, bits });
      t.metric(`mse-of-${bits}`, mse);
      t.metric(`bits-of-${bits}`, taken);
      errors.push(mse);
    }
    const falls = errors.slice(1).every((mse, i) => mse <= (errors[i] as number));
    t.expect(falls, () => `errors by bits are ${errors.join(', ')}`);
  });

quantizedNumbers
  .case('stages')
  .covers(`${ROW}.sequential-steps/stage-outputs`, `${ROW}.sequential-steps/errors-ordered`)
  .desc(
    'The errors of outputs after f32 to f16 and after f16 to ternary are recorded, and that of f16 is the smaller.',
  )
  .control('halves of zeros', (fault) =>
    fault.host('quantizer.kept', (original) => (part, shape) => {
      const zeros = hostTensorFrom('f16', shape, new Float64Array(part.size));
      return part.dtype === 'f16' ? Tensor.from(part.gpu, zeros) : original(part, shape);
    }),
  )
  .run(async (t) => {
    const half = (await outputError(t, { method: 'f16' })).mse;
    const ternary = (await outputError(t, { method: 'ternary' })).mse;
    t.series('mean square errors', [0, half, ternary]);
    t.expect(half > 0 && half < ternary, () => `errors are ${half} and ${ternary}`);
  });

quantizedNumbers
  .case('provenance')
  .covers(`${ROW}.sequential-steps/provenance`)
  .desc(
    'A weight that was made f16 and then ternary says so, each stage with the hash of the bytes that it has where the stages are made one by one.',
  )
  .control('every stage has the hash of the first', (fault) =>
    fault.host('quantizer.hash_of', (original) => {
      let first: Promise<string> | undefined;
      return (parts) => {
        first ??= original(parts);
        return first;
      };
    }),
  )
  .run(async (t) => {
    const host = drawnWeight(t, 0, [16, 64]);
    using weight = Tensor.from(t.gpu, host);
    const steps = [{ method: 'f16' }, { method: 'ternary' }] as const;
    const made = await quantizeInSteps(new WebGpuBackend(t.gpu), weight, 'fc', steps);
    free(made.weight);
    using tape = new Tape(t.gpu);
    const half = quantizerOf(t, steps[0]).quantizeWeight(tape, weight, 'fc');
    const wide = decodedWeight(tape, half, 'fc');
    const ternary = quantizerOf(t, steps[1]).quantizeWeight(tape, wide, 'fc');
    const { packed, scale } = ternary.parts as Record<'packed' | 'scale', Tensor>;
    const expected = [
      ['f32', await sha256(await bytesOf(weight))],
      ['f16', await sha256(await bytesOf(half.parts['weight'] as Tensor))],
      ['ternary', await sha256(await bytesOf(packed, scale))],
    ];
    free(half);
    free(ternary);
    const told = made.provenance.map(({ method, sha256: hash }) => [method, hash]);
    t.expect(String(told) === String(expected), () => `it says ${told}, and should ${expected}`);
    t.expect(new Set(told.map(([, hash]) => hash)).size === 3, () => `hashes are ${told}`);
  });

const free = (weight: DeviceWeight) => {
  for (const part of Object.values<Tensor>(weight.parts)) part[Symbol.dispose]();
};

/** Tensors one behind the other. */
async function bytesOf(...tensors: readonly Tensor[]): Promise<Uint8Array<ArrayBuffer>> {
  const read = await Promise.all(tensors.map((tensor) => tensor.read()));
  return Uint8Array.from(
    read.flatMap(({ data }) => [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]),
  );
}
