import { relu as activation } from '../../src/ops/math/relu.ts';
import { matmul } from '../../src/ops/matmul/matmul.ts';
import { f16FromF32 } from '../../src/tensor/half.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { readHalvesAsFloat32 } from '../../src/testing/derive-halves.ts';
import { suite } from '../../src/testing/suite.ts';
import { disposeAll, inHalves, initialPerceptron, uploaded } from './mlp.ts';
import { expectHalves, known, linear, relu } from './rounded.ts';

export const halfNative = suite('quant.half-native', {
  description:
    'A model in f16 by kernels that compute with native halves, and by those that every adapter has',
});

const ROW = 'triton.quantization.gpu-fp16';
const ROWS = 16;

/** The network of 64-128-10 and its inputs in f16; the caller frees all. */
function modelInHalves(t: CaseContext): Map<string, Tensor> {
  const wide = uploaded(t.gpu, initialPerceptron(t.random()));
  const random = t.random(1);
  const numbers = random.fill(ROWS * 64, () => random.normal());
  wide.set('x', Tensor.from(t.gpu, hostTensorFrom('f32', [ROWS, 64], numbers)));
  const narrow = inHalves(t.gpu, wide);
  disposeAll(wide);
  return narrow;
}

/** Sums of the hidden layer and logits of the model, by one variant of products. */
async function passBy(
  t: CaseContext,
  model: ReadonlyMap<string, Tensor>,
  variant: 'register' | 'tiled',
) {
  const linearBy = (name: string, a: Tensor) => {
    const b = model.get(`${name}.weight`) as Tensor;
    const bias = model.get(`${name}.bias`);
    return matmul.forward(t.gpu, { a, b, bias }, { transpose_b: true }, variant).y;
  };
  using sums = linearBy('fc1', model.get('x') as Tensor);
  using hidden = activation.forward(t.gpu, { x: sums }, {}).y;
  using logits = linearBy('fc2', hidden);
  return { sums: valuesOf(await sums.read()), logits: valuesOf(await logits.read()) };
}

/** The place of a half among all halves by size, so that neighbours are one apart. */
function placeOf(half: number): number {
  const bits = f16FromF32(half);
  return bits < 0x8000 ? bits : 0x8000 - bits;
}

/** Whether a product ran that loads halves natively. */
const isNative = (t: CaseContext) =>
  [...t.gpu.recorder.shaders].some(({ link = '' }) => link.startsWith('f16'));

/**
 * Expects logits by tiles, which take native halves where the adapter has them and words elsewhere,
 * within two units in the last place of those by the kernels of every adapter.
 */
async function expectSameLogits(t: CaseContext): Promise<void> {
  const model = modelInHalves(t);
  t.gpu.recorder.shaders.clear();
  const tiled = await passBy(t, model, 'tiled');
  const has = t.gpu.features.has('shader-f16');
  t.expect(isNative(t) === has, () => `native: ${isNative(t)}, and shader-f16: ${has}`);
  const emulated = await passBy(t, model, 'register');
  for (const [i, y] of emulated.logits.entries()) {
    const off = Math.abs(placeOf(tiled.logits[i] as number) - placeOf(y));
    t.expect(off <= 2, () => `logit ${i} is ${tiled.logits[i]} by tiles, and ${y} else`);
  }
  disposeAll(model);
}

halfNative
  .case('native')
  .needs('shader-f16')
  .covers(`${ROW}/native-equals-emulated`)
  .desc(
    'Logits of a model in f16 by kernels with native halves are within two units in the last place of those by the kernels of every adapter.',
  )
  .control('f16 taken for float32', (fault) => fault.host('storage.read', () => () => 0))
  .run(expectSameLogits);

halfNative
  .case('tiled')
  .tier('full')
  .covers(`${ROW}/native-equals-emulated`)
  .desc(
    'By the tiles of the native kernels, which read halves from words where the adapter has no others, logits of a model in f16 are within two units in the last place of those by the kernels of every adapter.',
  )
  .control('last terms dropped', (fault) =>
    fault.shader('matmul/split', 'fours = fours_of_terms()', 'fours = fours_of_terms() - 1u'),
  )
  .run(expectSameLogits);

halfNative
  .case('emulated')
  .tier('full')
  .covers(`${ROW}/emulated-half-runs`)
  .desc(
    'By the kernels of every adapter, which read halves from words, each sum of a model in f16 is the half nearest to that in float64, but for a tie within its bound.',
  )
  .control('halves read as float32', readHalvesAsFloat32)
  .run(async (t) => {
    const model = modelInHalves(t);
    t.gpu.recorder.shaders.clear();
    const { sums, logits } = await passBy(t, model, 'register');
    t.expect(!isNative(t), () => 'a kernel has native halves');
    const hosts = new Map<string, HostTensor>();
    for (const [name, tensor] of model) hosts.set(name, await tensor.read());
    const host = (name: string) => hosts.get(name) as HostTensor;
    const x = known(valuesOf(host('x')));
    const first = linear(x, host('fc1.weight'), host('fc1.bias'));
    const hidden = relu(expectHalves(t, 'sum', first, sums));
    expectHalves(t, 'logit', linear(hidden, host('fc2.weight'), host('fc2.bias')), logits);
    disposeAll(model);
  });
