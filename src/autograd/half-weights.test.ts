import { expect, test } from 'vitest';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Tensor } from '../tensor/tensor.ts';
import { FlatParameters } from './flat-parameters.ts';
import { HalfWeights } from './half-weights.ts';
import { Tape } from './tape.ts';

test('copies are rounded anew for each pass, lie in the same memory, and lead to the parameters', async () => {
  const casts: string[] = [];
  const { gpu } = await hostGpu({ run: ({ label }) => void casts.push(label) });
  const initial = new Map(['a', 'b'].map((name) => [name, hostTensorFrom('f32', [3], [1, 2, 3])]));
  using parameters = new FlatParameters(gpu, initial);
  const before = gpu.memory.ledger.liveBytes;
  const halves = new HalfWeights(gpu, parameters);
  const held = gpu.memory.ledger.liveBytes;
  using seed = Tensor.empty(gpu, 'f16', [3]);
  const places = [1, 2].map(() => {
    using tape = new Tape(gpu, [parameters.view('a'), parameters.view('b')]);
    const stored = halves.on(tape);
    const view = stored.view('b');
    expect([stored.names, view.dtype, view.shape]).toEqual([['a', 'b'], 'f16', [3]]);
    const gradients = tape.backward(view, seed);
    expect([...gradients.keys()]).toEqual([parameters.view('b')]);
    return view.binding;
  });
  expect(places[0]).toEqual(places[1]);
  await gpu.finish();
  // Two copies for each pass, and the gradient's way back.
  expect(casts).toEqual(Array(6).fill('math/cast'));
  seed[Symbol.dispose]();
  expect(gpu.memory.ledger.liveBytes).toBe(held);
  halves[Symbol.dispose]();
  expect(gpu.memory.ledger.liveBytes).toBe(before);
});
