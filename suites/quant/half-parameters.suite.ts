import { Tape } from '../../src/autograd/tape.ts';
import { textOf } from '../../src/gpu/shader.ts';
import { cast } from '../../src/ops/math/cast.ts';
import { hostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { paddedOf } from '../../src/tensor/padding.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { canonical, halfValue, nearestHalf } from './half-bits.ts';
import { disposeAll, forwardPerceptron, inHalves, initialPerceptron, uploaded } from './mlp.ts';
import { value } from './values.ts';

export const halfParameters = suite('quant.half-parameters', {
  description: 'The parameters of a model in f16: their bits, their memory, and what comes out',
});

function half(t: CaseContext, x: Tensor): Tensor {
  return cast.forward(t.gpu, { x }, { to: 'float16' }).y;
}

/** Asserts that each float32 becomes the half that the definition names. */
async function expectHalves(t: CaseContext, name: string, x: Tensor): Promise<void> {
  using y = half(t, x);
  const expected = valuesOf(await x.read()).map(nearestHalf);
  const actual = Float64Array.from((await y.read()).data, canonical);
  t.expectEqual(
    `bits of ${name}`,
    { shape: x.shape, data: actual },
    { shape: x.shape, data: expected },
  );
}

/**
 * The float32 values beside each half, infinity and every NaN too, and beside the middle to the
 * next one, with both signs.
 */
function aroundHalves(): Float32Array<ArrayBuffer> {
  const found = new Float32Array(65_536 * 6);
  const words = new Uint32Array(found.buffer);
  let at = 0;
  for (let bits = 0; bits < 0x7c00; bits++) {
    for (const center of [halfValue(bits), (halfValue(bits) + halfValue(bits + 1)) / 2]) {
      for (const step of [-1, 0, 1]) {
        for (const sign of [0, 0x80000000]) {
          found[at] = center;
          words[at] = (Math.max((words[at] as number) + step, 0) | sign) >>> 0;
          at++;
        }
      }
    }
  }
  for (let bits = 0x7c00; bits < 0x8000; bits++) {
    for (const step of [-1, 0, 1]) {
      for (const sign of [0, 0x80000000])
        words[at++] = ((0x7f800000 | ((bits & 0x3ff) << 13)) + step + sign) >>> 0;
    }
  }
  return found.subarray(0, at);
}

halfParameters
  .case('nearest')
  .covers('triton.quantization.fp32-to-fp16/neighbourhood-bits')
  .tier('full')
  .timeout(60_000)
  .desc(
    'Each parameter of a model, and float32 values around every half and around the middles between halves, become the nearest half, ties to even, and each NaN a NaN.',
  )
  .control('ties go up', (fault) =>
    fault.shader('math/cast', 'round(bitcast<f32>(size)', 'floor(0.5 + bitcast<f32>(size)'),
  )
  .run(async (t) => {
    const parameters = uploaded(t.gpu, initialPerceptron(t.random()));
    for (const [name, x] of parameters) await expectHalves(t, name, x);
    disposeAll(parameters);
    const values = aroundHalves();
    using x = Tensor.from(t.gpu, hostTensor('f32', [values.length], values.slice()));
    await expectHalves(t, 'the neighbours of halves', x);
  });

/** Bits of float32 values, and of the halves that they become. */
const LARGE: readonly (readonly [x: number, half: number])[] = [
  [65_504, 0x7bff],
  [Math.fround(65_520 - 2 ** -8), 0x7bff],
  [65_520, 0x7c00],
  [70_000, 0x7c00],
  [3.4e38, 0x7c00],
  [Number.POSITIVE_INFINITY, 0x7c00],
];

halfParameters
  .case('overflow')
  .covers(
    'triton.quantization.fp32-to-fp16/overflow-to-inf',
    'triton.errors.numerical-overflow/f16-overflow',
  )
  .desc(
    'From 65520 on, and infinities, become infinity of their sign; the float32 below is the largest half.',
  )
  .control('only what is above 65536 becomes infinity', (fault) =>
    fault.shader(
      'math/cast',
      'return f16_bits(value);',
      'return f16_bits(value) - u32(abs(value) < 65536.0 && abs(value) >= 65520.0);',
    ),
  )
  .run(async (t) => {
    const inputs = LARGE.flatMap(([x]) => [x, -x]);
    using x = Tensor.from(t.gpu, hostTensorFrom('f32', [inputs.length], inputs));
    using y = half(t, x);
    const bits = LARGE.flatMap(([, positive]) => [positive, positive | 0x8000]);
    t.expectEqual('bits', value(await y.read()), value({ shape: [bits.length], data: bits }));
  });

halfParameters
  .case('neighbours')
  .covers('triton.quantization.fp32-to-fp16/neighbour-half-untouched')
  .desc('A half that overflows leaves the other half of its word as it is, on either side.')
  .control('an overflow spills into the next half', (fault) =>
    fault.shader(
      'math/cast',
      'return f16_bits(value);',
      'return f16_bits(value) | select(0u, 0x20000u, abs(value) > 65504.0);',
    ),
  )
  .run(async (t) => {
    const large = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 70_000, -3.4e38];
    for (const [other, bits] of [
      [0, 0],
      [1, 0x3c00],
      [-(2 ** -24), 0x8001],
    ] as const) {
      const pairs = large.flatMap((x) => [x, other, other, x]);
      using x = Tensor.from(t.gpu, hostTensorFrom('f32', [pairs.length], pairs));
      using y = half(t, x);
      const expected = large.flatMap((size) => {
        const infinity = size > 0 ? 0x7c00 : 0xfc00;
        return [infinity, bits, bits, infinity];
      });
      t.expectEqual(
        'bits',
        value(await y.read()),
        value({ shape: [pairs.length], data: expected }),
      );
    }
  });

halfParameters
  .case('output')
  .covers('triton.quantization.fp32-to-fp16/output-dtype')
  .desc(
    'A model of f16 parameters gives f16 for f16; its products load halves natively exactly where the adapter can, else as words.',
  )
  .control('the parameters in another half format', (fault) =>
    fault.launch('cast.forward', ([gpu, inputs, _params, ...rest]) => [
      gpu,
      inputs,
      { to: 'bfloat16' },
      ...rest,
    ]),
  )
  .run(async (t) => {
    const parameters = uploaded(t.gpu, initialPerceptron(t.random()));
    const narrow = inHalves(t.gpu, parameters);
    const random = t.random(1);
    using x = Tensor.from(
      t.gpu,
      hostTensorFrom(
        'f16',
        [5, 64],
        random.fill(320, () => random.normal()),
      ),
    );
    using tape = new Tape(t.gpu);
    t.gpu.recorder.shaders.clear();
    const { hidden, logits } = forwardPerceptron(tape, narrow, x);
    t.gpu.submit();
    for (const { dtype } of [hidden, logits, await logits.read()])
      t.expect(dtype === 'f16', () => `the output is ${dtype}`);
    const products = [...t.gpu.recorder.shaders].filter(({ file }) => file.startsWith('matmul/'));
    const isNative = products.every(({ link }) => link?.startsWith('f16'));
    const isWords = products.every(({ link }) => link === 'words');
    t.metric('native', Number(isNative));
    t.expect(
      isNative === t.gpu.features.has('shader-f16') && isNative !== isWords,
      () => `${products.map(textOf).join(', ')} ran`,
    );
    disposeAll(parameters);
    disposeAll(narrow);
  });

/** Bytes that the ledger gains while `make` runs, and what it made. */
function measured<T>(t: CaseContext, make: () => T): { readonly made: T; readonly bytes: number } {
  const before = t.gpu.memory.ledger.liveBytes;
  const made = make();
  return { made, bytes: t.gpu.memory.ledger.liveBytes - before };
}

halfParameters
  .case('bytes')
  .covers('triton.quantization.fp32-to-fp16-memory/ledger-bytes')
  .desc('By the ledger the 9,610 parameters take 38,440 bytes in f32 and 19,220 in f16.')
  .control('parameters stay as wide as they are', (fault) =>
    fault.launch('cast.forward', ([gpu, inputs, _params, ...rest]) => [
      gpu,
      inputs,
      { to: 'float32' },
      ...rest,
    ]),
  )
  .run(async (t) => {
    const initial = initialPerceptron(t.random());
    const wide = measured(t, () => uploaded(t.gpu, initial));
    t.expect(wide.bytes === 38_440, () => `in f32 they take ${wide.bytes} bytes`);
    const narrow = measured(t, () => inHalves(t.gpu, wide.made));
    t.expect(narrow.bytes === 19_220, () => `in f16 they take ${narrow.bytes} bytes`);
    disposeAll(wide.made);
    disposeAll(narrow.made);
  });

halfParameters
  .case('padding')
  .covers('triton.quantization.fp32-to-fp16-memory/padding-listed')
  .desc(
    'Parameters of an odd number of halves are listed with the bytes they hold, and the ledger has gained exactly these; of the 64-128-10 model none is.',
  )
  .control('padding is not listed', (fault) => fault.host('tensor.paddedOf', () => () => []))
  .run(async (t) => {
    for (const [sizes, expected] of [
      [[64, 128, 10], ''],
      [[7, 5, 4, 3], 'fc1.weight 70 72, fc1.bias 10 12, fc3.bias 6 8'],
    ] as const) {
      const parameters = uploaded(t.gpu, initialPerceptron(t.random(), [...sizes]));
      const { made, bytes } = measured(t, () => inHalves(t.gpu, parameters));
      const listed = paddedOf(made);
      const text = listed.map((each) => `${each.name} ${each.bytes} ${each.held}`).join(', ');
      t.expect(text === expected, () => `listed are: ${text || 'none'}`);
      const own = [...made.values()].reduce((sum, tensor) => sum + tensor.bytes, 0);
      const padding = listed.reduce((sum, each) => sum + each.held - each.bytes, 0);
      t.expect(
        bytes === own + padding,
        () => `the ledger gained ${bytes} bytes, not ${own + padding}`,
      );
      disposeAll(parameters);
      disposeAll(made);
    }
  });
