import { expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import type { Launch } from '../../gpu/recorder.ts';
import { launchesIn } from '../../gpu/trace.ts';
import type { Application } from '../../graph/call.ts';
import { hostTensor } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ByteModel } from './byte-model.ts';

/** Linears of 6 -> 4 and 4 -> 8. */
const CONFIG = {
  vocab: 8,
  embedding: 2,
  context: 3,
  hidden: [4],
  hiddenGain: 1,
  headGain: 1,
  quantType: 'nf4',
  blocksize: 32,
  r: 2,
  alpha: 5,
};

function valuesOf(uniforms: Launch['uniforms'] = []): readonly unknown[] {
  return (typeof uniforms === 'function' ? uniforms() : uniforms).map(({ value }) => value);
}

/** What the model does with five contexts. */
async function forward() {
  const { gpu } = await hostGpu();
  using model = new ByteModel(gpu, CONFIG, new Random(1), new Random(2));
  using ids = Tensor.from(gpu, hostTensor('i32', [5, 3], new Int32Array(15)));
  const applications: Application<Tensor>[] = [];
  using tape = new Tape(gpu, [], { trace: applications });
  const { trace, result: logits } = gpu.trace(() => model.forward(tape, { ids }));
  const updates = launchesIn(trace.commands).flatMap(({ shader, uniforms }) =>
    shader.file === 'lora/lora_update' ? [valuesOf(uniforms)] : [],
  );
  return { applications, updates, shape: logits.shape, frozen: model.frozenCount };
}

test('contexts side by side go through linears, with SiLU between them alone', async () => {
  const { applications, shape } = await forward();
  expect(applications.map(({ layer, op }) => [layer, op.name])).toEqual([
    ['embedding', 'embedding'],
    ['linear1', 'lora_linear'],
    ['silu1', 'silu'],
    ['linear2', 'lora_linear'],
  ]);
  expect(applications.map(({ inputs }) => inputs['x']?.shape)).toEqual([
    undefined,
    [5, 6],
    [5, 4],
    [5, 4],
  ]);
  expect(shape).toEqual([5, 8]);
});

test('what an adapter adds is scaled by alpha / r', async () => {
  const { applications, updates } = await forward();
  // [5, 4] and [5, 8] from rank 2, B with strides 1 and 2, no bias, one and two tiles of columns.
  expect(updates).toEqual([
    [5, 4, 2, 1, 2, 0, 1, 2.5],
    [5, 8, 2, 1, 2, 0, 2, 2.5],
  ]);
  const linears = applications.filter(({ op }) => op.name === 'lora_linear');
  expect(linears.map(({ params }) => params)).toMatchObject([
    { r: 2, alpha: 5, base: 'nf4', blocksize: 32 },
    { r: 2, alpha: 5, base: 'nf4', blocksize: 32 },
  ]);
});

test('frozen are the embedding and the weights of the linears', async () => {
  const { frozen } = await forward();
  expect(frozen).toBe(8 * 2 + 6 * 4 + 4 * 8);
});

test('a model owns its base and its adapters, and nothing of what they were made of', async () => {
  const { gpu } = await hostGpu();
  const model = new ByteModel(gpu, CONFIG, new Random(1), new Random(2));
  const { data } = await model.parameters.view('linear1.lora_A').read();
  expect(data.some((x) => x !== 0)).toBe(true);
  const held = gpu.memory.ledger.liveBytes;
  const shown: unknown[] = [];
  await model.showBase(new Random(1), async (applications) => {
    for (const { layer, op, params, inputs } of applications)
      shown.push([layer, op.name, params, inputs['weight']?.shape]);
  });
  const params = { quant_type: 'nf4', blocksize: 32 };
  expect(shown).toEqual([
    ['linear1', 'quantize_4bit', params, [4, 6]],
    ['linear2', 'quantize_4bit', params, [8, 4]],
  ]);
  expect(gpu.memory.ledger.liveBytes).toBe(held);
  model[Symbol.dispose]();
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});

test('nothing is left of a model that does not fit in memory', async () => {
  const { gpu } = await hostGpu();
  // The base fits, and four adapters of 256 bytes do not.
  gpu.memory.budgetBytes = 500;
  expect(() => new ByteModel(gpu, CONFIG, new Random(1), new Random(2))).toThrow('500');
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});
