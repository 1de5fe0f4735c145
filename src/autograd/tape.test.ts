import { describe, expect, test } from 'vitest';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { Application } from '../graph/call.ts';
import type { Launcher } from '../ops/launcher.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';
import { toldOp } from './fixtures/told-op.ts';
import { RandomState } from './random-state.ts';
import { Tape, type TapeOptions } from './tape.ts';

type Apply = (
  op: Launcher,
  inputs: Readonly<Record<string, Tensor | undefined>>,
  params: object,
  layer: string,
) => Tensors;

/** {@link Tape.apply} for ops that no signature types. */
const applyOn = (tape: Tape): Apply => tape.apply.bind(tape) as unknown as Apply;

/** A tape that watches w [3], which is not x [3]. */
async function setUp(options: TapeOptions = {}) {
  const { gpu } = await hostGpu();
  const w = Tensor.zeros(gpu, [3]);
  const x = Tensor.zeros(gpu, [3]);
  const tape = new Tape(gpu, [w], options);
  return { gpu, w, x, tape, apply: applyOn(tape), live: () => gpu.memory.ledger.liveBytes };
}

const seedOf = (gpu: Gpu, shape: readonly number[] = [3]) => Tensor.zeros(gpu, shape);

test('a tensor that no op gave is freed with the tape that adopts it', async () => {
  const { gpu, tape, live } = await setUp();
  const before = live();
  const one = Tensor.zeros(gpu, [3]);
  expect(tape.adopt(one)).toBe(one);
  expect(live()).toBe(before + 12);
  tape[Symbol.dispose]();
  expect(live()).toBe(before);
});

describe('an op on a tape', () => {
  test('is given its operands, its parameters and the variant that suits them', async () => {
    const { gpu, x, w, apply } = await setUp();
    const variants = { plain: { kernels: [] }, long: { kernels: [] } };
    gpu.tuned = [{ variant: 'long', ops: ['f'], width: [3, 3] }];
    const row = w.view([3, 1]);
    const { op, calls } = toldOp('f', { variants });
    const params = { p: 0.5, at: () => 4 };
    apply(op, { a: x, b: w, c: undefined }, params, 'here');
    apply(op, { a: row, b: w }, params, 'there');
    expect(calls.map((call) => call.pass === 'forward' && call.variant)).toEqual(['long', 'plain']);
    const [first] = calls;
    expect(first?.inputs['a']).toBe(x);
    expect(first?.inputs['b']).toBe(w);
    // A live number stays one for the op.
    expect(first?.params).toBe(params);
  });

  test('is shown to who looks on, then to the recorder, with its numbers as they are', async () => {
    const order: string[] = [];
    const shown: Application<Tensor>[] = [];
    const called: unknown[] = [];
    const recorder = {
      call: (call: unknown) => {
        order.push('recorder');
        called.push(call);
      },
    } as unknown as GraphBuilder<Tensor>;
    const trace: Application<Tensor>[] = [];
    const watch = (application: Application<Tensor>) => {
      order.push(`watch ${trace.length}`);
      shown.push(application);
    };
    const { x, w, apply } = await setUp({ watch, recorder, trace });
    const { op } = toldOp('f');
    const { y } = apply(op, { a: x, b: w, c: undefined }, { p: 0.5, at: () => 4 }, 'here');
    expect(order).toEqual(['watch 1', 'recorder']);
    const expected = {
      ...{ layer: 'here', op: op.signature, variant: 'only', params: { p: 0.5, at: 4 } },
      ...{ inputs: { a: x, b: w }, outputs: { y } },
    };
    expect(trace).toEqual([expected]);
    expect(called).toEqual([expected]);
    expect(Object.keys(shown[0]?.inputs ?? {})).toEqual(['a', 'b']);
  });

  test('gives what the tape owns until it ends', async () => {
    const { x, apply, tape, live } = await setUp();
    const before = live();
    apply(toldOp('f', { outputs: ['y', 'z'] }).op, { x }, {}, 'f');
    expect(live()).toBe(before + 24);
    tape[Symbol.dispose]();
    expect(live()).toBe(before);
    tape[Symbol.dispose]();
    expect(live()).toBe(before);
  });

  test('leads to nothing where nothing is watched', async () => {
    const { gpu, w } = await setUp();
    using tape = new Tape(gpu);
    const { y } = applyOn(tape)(toldOp('f').op, { w }, {}, 'f');
    using seed = seedOf(gpu);
    expect(tape.random).toBeUndefined();
    expect(() => tape.backward(y as Tensor, seed)).toThrow('does not depend on any watched');
  });
});

describe('backward', () => {
  test('goes from the root to what is watched, and asks for nothing else', async () => {
    const { gpu, x, w, apply, tape } = await setUp();
    const f = toldOp('f', { outputs: ['y', 'z'] });
    const g = toldOp('g');
    const params = { p: 0.5 };
    const first = apply(f.op, { x, w }, params, 'f');
    const { y } = apply(g.op, { a: first['y'] as Tensor, x }, {}, 'g');
    using seed = seedOf(gpu);
    const gradients = tape.backward(y as Tensor, seed);
    expect([...gradients.keys()]).toEqual([w]);
    const [, ofG] = g.calls;
    const [, ofF] = f.calls;
    if (ofG?.pass !== 'backward' || ofF?.pass !== 'backward') throw new Error('no backward');
    expect([ofG.grads, ofG.wants]).toEqual([{ y: seed }, new Set(['a'])]);
    expect([ofF.wants, ofF.params, ofF.variant]).toEqual([new Set(['w']), params, 'only']);
    expect([ofF.inputs['w' as never], ofF.outputs['y' as never]]).toEqual([w, first['y']]);
    // The other output got no gradient.
    expect(Object.keys(ofF.grads)).toEqual(['y']);
  });

  test('flows into no integers, and into nothing that an op detaches', async () => {
    const { gpu, w, apply, tape } = await setUp();
    const outputs = ['y', 'detached', 'places'];
    const f = toldOp('f', { outputs, detaches: ['detached'], integers: ['places'] });
    const g = toldOp('g');
    const first = apply(f.op, { w }, {}, 'f');
    const { y } = apply(g.op, first, {}, 'g');
    using seed = seedOf(gpu);
    tape.backward(y as Tensor, seed);
    const [, ofG] = g.calls;
    expect(ofG?.pass === 'backward' && ofG.wants).toEqual(new Set(['y']));
  });

  test('is refused through an output that another op gives with its gradient', async () => {
    const { gpu, w, apply, tape } = await setUp();
    const f = toldOp('f', { outputs: ['y', 'z'], refers: ['z'] });
    const { y, z } = apply(f.op, { w }, {}, 'here') as { y: Tensor; z: Tensor };
    const { y: sum } = apply(toldOp('g').op, { y, z: tape.view(z, [3, 1]) }, {}, 'g');
    using seed = seedOf(gpu);
    const refused = {
      code: 'backward-output',
      message:
        'backward: f of here has no gradient for its output z: compute what needs one with other',
    };
    const backward = (root: Tensor) => () => tape.backward(root, seed, { retainGraph: true });
    expect(backward(sum as Tensor)).toThrow(expect.objectContaining(refused));
    expect(backward(z)).toThrow(expect.objectContaining(refused));
    // Of what does not need it there is a gradient.
    expect([...backward(y)().keys()]).toEqual([w]);
  });

  test('leaves out what does not lead from the root', async () => {
    const { gpu, w, x, apply, tape } = await setUp();
    const f = toldOp('f');
    const unused = toldOp('unused');
    const inactive = toldOp('inactive');
    const { y } = apply(f.op, { w }, {}, 'f');
    apply(unused.op, { w }, {}, 'unused');
    apply(inactive.op, { x }, {}, 'inactive');
    using seed = seedOf(gpu);
    tape.backward(y as Tensor, seed);
    expect([f, unused, inactive].map(({ calls }) => calls.length)).toEqual([2, 1, 1]);
  });

  test('frees gradients as soon as they are used', async () => {
    const { gpu, w, apply, tape, live } = await setUp();
    const { y } = apply(toldOp('f').op, { w }, {}, 'f');
    const { y: z } = apply(toldOp('g').op, { y }, {}, 'g');
    using seed = seedOf(gpu);
    const before = live();
    tape.backward(z as Tensor, seed);
    // That of w alone; the seed is not the tape's.
    expect(live()).toBe(before + 12);
    tape[Symbol.dispose]();
    expect(live()).toBe(3 * 12);
  });

  test('keeps gradients for a trace, and shows every backward pass', async () => {
    const trace: Application<Tensor>[] = [];
    const { gpu, w, x, apply, tape, live } = await setUp({ trace });
    const { op } = toldOp('f');
    const { y } = apply(op, { w, x }, { at: () => 4 }, 'f');
    const { y: z } = apply(toldOp('g').op, { y }, {}, 'g');
    using seed = seedOf(gpu);
    const before = live();
    const gradients = tape.backward(z as Tensor, seed);
    expect(live()).toBe(before + 24);
    expect(trace.map(({ layer, grads }) => [layer, grads !== undefined])).toEqual([
      ['f', false],
      ['g', false],
      ['g', true],
      ['f', true],
    ]);
    const [, , ofG, ofF] = trace;
    expect(ofF).toEqual({
      ...{ layer: 'f', op: op.signature, variant: 'only', params: { at: 4 } },
      ...{ inputs: { w, x }, outputs: { y }, grads: { y: ofG?.gradients?.['y'] } },
      ...{ wants: ['w'], gradients: { w: gradients.get(w) } },
    });
  });

  test('adds what two uses give, in the order in which backward meets them', async () => {
    const trace: Application<Tensor>[] = [];
    const { gpu, w, apply, tape } = await setUp({ trace });
    const { y } = apply(toldOp('f').op, { w }, {}, 'f');
    const { y: z } = apply(toldOp('g').op, { y, w }, {}, 'g');
    using seed = seedOf(gpu);
    const gradients = tape.backward(z as Tensor, seed);
    const [ofG, ofF, sum] = trace.slice(2);
    expect(sum).toEqual({
      ...{ layer: 'f', op: expect.objectContaining({ name: 'accumulate_grad' }) },
      ...{ variant: 'vec4', params: {} },
      inputs: { a: ofG?.gradients?.['w'], b: ofF?.gradients?.['w'] },
      outputs: { y: gradients.get(w) },
    });
    expect(sum?.inputs['a']).toBe(ofG?.gradients?.['w']);
    expect(sum?.inputs['b']).toBe(ofF?.gradients?.['w']);
    expect(sum?.outputs['y']).toBe(gradients.get(w));
  });

  test('frees what it added', async () => {
    const { gpu, w, apply, tape, live } = await setUp();
    const { y } = apply(toldOp('f').op, { w }, {}, 'f');
    const { y: z } = apply(toldOp('g').op, { y, w }, {}, 'g');
    using seed = seedOf(gpu);
    const before = live();
    tape.backward(z as Tensor, seed);
    expect(live()).toBe(before + 12);
  });

  test.each([
    ['an op', (shown: Application<Tensor>) => shown.layer === 'f'],
    ['a backward pass', ({ grads }: Application<Tensor>) => grads !== undefined],
    ['a sum', ({ op }: Application<Tensor>) => op.name === 'accumulate_grad'],
  ])('leaves nothing behind where who is shown %s throws', async (_, isThat) => {
    const watch = (shown: Application<Tensor>) => {
      if (isThat(shown)) throw new Error('no');
    };
    const { gpu, w, apply, tape, live } = await setUp({ watch });
    using seed = seedOf(gpu);
    const before = live();
    expect(() => {
      const { y } = apply(toldOp('f').op, { w }, {}, 'f');
      const { y: z } = apply(toldOp('g').op, { y, w }, {}, 'g');
      tape.backward(z as Tensor, seed);
    }).toThrow('no');
    tape[Symbol.dispose]();
    expect(live()).toBe(before);
  });

  test('runs once, or again where its graph is kept', async () => {
    const { gpu, w, apply, tape } = await setUp();
    const { op, calls } = toldOp('f');
    const { y } = apply(op, { w }, {}, 'f');
    using seed = seedOf(gpu);
    tape.backward(y as Tensor, seed, { retainGraph: true });
    expect([...tape.backward(y as Tensor, seed).keys()]).toEqual([w]);
    expect(calls.length).toBe(3);
    expect(() => tape.backward(y as Tensor, seed)).toThrow(
      'backward: this tape has run it before, and what was recorded is spent',
    );
  });

  test('refuses a root that hangs on nothing that is watched', async () => {
    const { gpu, x, apply, tape } = await setUp();
    const { y } = apply(toldOp('f').op, { x }, {}, 'f');
    using seed = seedOf(gpu);
    expect(() => tape.backward(y as Tensor, seed)).toThrow(
      'backward: the root does not depend on any watched tensor',
    );
  });

  test.each([
    ['an input', 'w'],
    ['an output', 'y'],
  ])('refuses %s that was changed since', async (_, changed) => {
    const { gpu, w, apply, tape } = await setUp();
    const { y } = apply(toldOp('f').op, { w }, {}, 'f');
    using seed = seedOf(gpu);
    (changed === 'w' ? w : (y as Tensor)).write(hostTensorFrom('f32', [3], [1, 2, 3]));
    expect(() => tape.backward(y as Tensor, seed)).toThrow(
      `backward: ${changed} of f (f32 3) was changed in place after forward used it`,
    );
  });

  test('names what was given before what came out, where both were changed', async () => {
    const { gpu, w, apply, tape } = await setUp();
    const { y } = apply(toldOp('f').op, { w }, {}, 'f');
    using seed = seedOf(gpu);
    for (const each of [y as Tensor, w]) each.write(hostTensorFrom('f32', [3], [1, 2, 3]));
    expect(() => tape.backward(y as Tensor, seed)).toThrow('backward: w of f');
  });

  test('refuses an input that was changed, although an output has its name', async () => {
    const { gpu, w, apply, tape } = await setUp();
    const outputs = apply(toldOp('f', { outputs: ['w'] }).op, { w }, {}, 'f');
    using seed = seedOf(gpu);
    w.write(hostTensorFrom('f32', [3], [1, 2, 3]));
    expect(() => tape.backward(outputs['w'] as Tensor, seed)).toThrow(
      'backward: w of f (f32 3) was changed in place after forward used it',
    );
  });

  test('refuses an op that forgets a gradient', async () => {
    const { gpu, w, apply, tape } = await setUp();
    const { y } = apply(toldOp('f', { forgets: ['w'] }).op, { w }, {}, 'here');
    using seed = seedOf(gpu);
    expect(() => tape.backward(y as Tensor, seed)).toThrow('f of here gave no gradient of w');
  });
});

describe('gradients that are taken', () => {
  test('come whole, one by one, and are freed with what their ops gave', async () => {
    const { gpu, w, x, live } = await setUp();
    using tape = new Tape(gpu, [w, x]);
    const apply = applyOn(tape);
    using seed = seedOf(gpu);
    const before = live();
    const { y } = apply(toldOp('f').op, { w }, {}, 'f');
    const { y: z } = apply(toldOp('g').op, { y, x, w }, {}, 'g');
    const taken: unknown[] = [];
    const left = tape.backward(z as Tensor, seed, {
      take: (tensor, gradient) => {
        taken.push([tensor === w ? 'w' : 'x', gradient.shape, (live() - before) / 12]);
      },
    });
    // Beside that of x there are those of y and w, and y; then of w the sum alone.
    expect(taken).toEqual([
      ['x', [3], 4],
      ['w', [3], 1],
    ]);
    expect([left.size, live()]).toEqual([0, before]);
  });

  test('of a view are freed by the memory that both share', async () => {
    const { gpu, w, apply, tape, live } = await setUp();
    using seed = seedOf(gpu, [1, 3]);
    const before = live();
    const { y } = apply(toldOp('f').op, { a: tape.view(w, [1, 3]) }, {}, 'f');
    const shapes: unknown[] = [];
    tape.backward(y as Tensor, seed, { take: (_, { shape }) => void shapes.push(shape) });
    expect([shapes, live()]).toEqual([[[3]], before]);
  });

  test('come after all that a checkpoint of the graph runs again', async () => {
    const { gpu, w, apply, tape, live } = await setUp();
    using seed = seedOf(gpu);
    const before = live();
    const y = tape.checkpoint(
      (once) => applyOn(once)(toldOp('f').op, { w }, {}, 'f')['y'] as Tensor,
      'part',
    );
    const { y: z } = apply(toldOp('g').op, { y, w }, {}, 'g');
    const taken: Tensor[] = [];
    tape.backward(z as Tensor, seed, { take: (tensor) => void taken.push(tensor) });
    expect([taken, live()]).toEqual([[w], before]);
  });

  test('come as soon as the last segment that reads them is undone, in a view or further within', async () => {
    const { gpu, w, x, live } = await setUp();
    const v = Tensor.zeros(gpu, [3]);
    using tape = new Tape(gpu, [w, x, v]);
    using seed = seedOf(gpu);
    const before = live();
    const op = (name: string) => toldOp(name).op;
    const first = tape.checkpoint((on) => {
      const read = on.view(w, [3, 1]);
      return applyOn(on)(op('f'), { w: read }, {}, 'f')['y'] as Tensor;
    }, 'first');
    const second = tape.checkpoint(
      (on) =>
        on.checkpoint((within) => {
          const rounded = within.straightThrough(x, v);
          return applyOn(within)(op('g'), { first, rounded }, {}, 'g')['y'] as Tensor;
        }, 'within'),
      'second',
    );
    const third = tape.checkpoint(
      (on) => applyOn(on)(op('h'), { second, v, w }, {}, 'h')['y'] as Tensor,
      'third',
    );
    const names = new Map([
      [w, 'w'],
      [x, 'x'],
      [v, 'v'],
    ]);
    const taken: unknown[] = [];
    tape.backward(third, seed, {
      take: (tensor) => void taken.push([names.get(tensor), (live() - before) / 12]),
    });
    // With that of v there are those of second and w, and the results of the first two segments.
    expect(taken).toEqual([
      ['v', 5],
      ['x', 4],
      ['w', 1],
    ]);
    expect(live()).toBe(before);
  });

  test('leave the graph where it is kept, and everything that is traced', async () => {
    const trace: Application<Tensor>[] = [];
    for (const options of [{}, { trace }]) {
      const { gpu, w, apply, tape, live } = await setUp(options);
      using seed = seedOf(gpu);
      const { y } = apply(toldOp('f').op, { w }, {}, 'f');
      const after = live();
      const take = () => {};
      const retainGraph = !('trace' in options);
      tape.backward(y as Tensor, seed, { retainGraph, take });
      expect(live()).toBe(after + (retainGraph ? 0 : 12));
      expect((y as Tensor).binding.size).toBe(16);
      tape[Symbol.dispose]();
    }
  });
});

describe('a view', () => {
  const recorded = () => {
    const views: unknown[][] = [];
    const recorder = {
      call: () => {},
      view: (...args: unknown[]) => views.push(args),
    } as unknown as GraphBuilder<Tensor>;
    return { views, recorder };
  };

  test('has the same memory, and its gradient the shape of what it views', async () => {
    const { views, recorder } = recorded();
    const { gpu, w, tape } = await setUp({ recorder });
    const view = tape.view(w, [1, 3]);
    expect(view.binding).toEqual(w.binding);
    expect(views).toEqual([[w, view]]);
    using seed = seedOf(gpu, [1, 3]);
    const gradient = tape.backward(view, seed).get(w);
    expect([gradient?.shape, gradient?.binding]).toEqual([[3], seed.binding]);
  });

  test('of what is not watched is not recorded for backward', async () => {
    const { gpu, x, tape } = await setUp();
    const view = tape.view(x, [1, 3]);
    using seed = seedOf(gpu, [1, 3]);
    expect(() => tape.backward(view, seed)).toThrow('does not depend on any watched tensor');
  });

  test('beside another use has the sum of both', async () => {
    const { gpu, w, apply, tape, live } = await setUp();
    const view = tape.view(w, [1, 3]);
    const { y } = apply(toldOp('f').op, { view, w }, {}, 'f');
    using seed = seedOf(gpu, [1, 3]);
    const before = live();
    const gradient = tape.backward(y as Tensor, seed).get(w);
    expect(gradient?.shape).toEqual([3]);
    expect(live()).toBeGreaterThanOrEqual(before + 12);
  });

  test('straight through has the memory of a rounding, whose gradient goes to the whole', async () => {
    const { views, recorder } = recorded();
    const { gpu, w, x, tape } = await setUp({ recorder });
    const result = tape.straightThrough(w, x);
    expect(result.binding).toEqual(x.binding);
    expect(views.map(([from, to]) => [from === x, to === result])).toEqual([[true, true]]);
    using seed = seedOf(gpu);
    const gradients = tape.backward(result, seed);
    expect([gradients.size, gradients.get(w) === seed]).toEqual([1, true]);
  });

  test('straight through halves its gradient comes back in float32', async () => {
    const { gpu, w, tape, live } = await setUp();
    using copy = Tensor.empty(gpu, 'f16', [3]);
    const result = tape.straightThrough(w, copy);
    using seed = Tensor.empty(gpu, 'f16', [3]);
    const before = live();
    const gradient = tape.backward(result, seed).get(w);
    expect([gradient?.dtype, gradient?.shape]).toEqual(['f32', [3]]);
    tape[Symbol.dispose]();
    expect(live()).toBe(before);
  });
});

describe('without gradients', () => {
  test('nothing is recorded, until the part ends or throws', async () => {
    const { w, apply, tape } = await setUp();
    const { op } = toldOp('f');
    const forget = () => apply(op, { w }, {}, 'f')['y'] as Tensor;
    const root = tape.noGrad(forget);
    const nested = tape.noGrad(() => {
      tape.noGrad(forget);
      return forget();
    });
    expect(() =>
      tape.noGrad(() => {
        throw new Error('no');
      }),
    ).toThrow('no');
    const seed = seedOf(w.gpu);
    for (const each of [root, nested])
      expect(() => tape.backward(each, seed)).toThrow('does not depend on any watched tensor');
    expect([...tape.backward(forget(), seed).keys()]).toEqual([w]);
  });
});

describe('a checkpoint', () => {
  test('keeps its result alone, and computes the rest again for backward', async () => {
    const { gpu, w, x, tape, live } = await setUp();
    const f = toldOp('f');
    const g = toldOp('g');
    const segment = (on: Tape) => {
      const apply = applyOn(on);
      const { y } = apply(f.op, { x, w }, {}, 'f');
      return apply(g.op, { y }, {}, 'g')['y'] as Tensor;
    };
    const before = live();
    const result = tape.checkpoint(segment, 'block');
    expect(live()).toBe(before + 12);
    using seed = seedOf(gpu);
    const gradients = tape.backward(result, seed);
    expect([...gradients.keys()]).toEqual([w]);
    expect([f, g].map(({ calls }) => calls.map(({ pass }) => pass))).toEqual([
      ['forward', 'forward', 'backward'],
      ['forward', 'forward', 'backward'],
    ]);
    const [, , ofG] = g.calls;
    if (ofG?.pass !== 'backward') throw new Error('no backward');
    expect(ofG.grads['y' as never]).toBe(seed);
    // The result, the seed and the gradient of w.
    expect(live()).toBe(before + 36);
    tape[Symbol.dispose]();
    expect(live()).toBe(before + 12);
  });

  test('calibrates where the tape does, and not again while it is undone', async () => {
    const { gpu, w, tape: other } = await setUp();
    expect(other.calibrates).toBe(false);
    using tape = new Tape(gpu, [w], { calibrates: true });
    const told: boolean[] = [];
    const y = tape.checkpoint((once) => {
      told.push(once.calibrates);
      return applyOn(once)(toldOp('f').op, { w }, {}, 'f')['y'] as Tensor;
    }, 'block');
    using seed = seedOf(gpu);
    tape.backward(y, seed);
    expect([tape.calibrates, ...told]).toEqual([true, true, false]);
  });

  test('holds what it reads while it runs, and again while it is undone', async () => {
    const { gpu, w, tape } = await setUp();
    const told: string[] = [];
    const hold = () => {
      told.push('held');
      return { [Symbol.dispose]: () => void told.push('let go') };
    };
    const segment = (on: Tape) => {
      told.push('run');
      return applyOn(on)(toldOp('f').op, { w }, {}, 'f')['y'] as Tensor;
    };
    const result = tape.checkpoint(segment, 'block', hold);
    expect(told.splice(0)).toEqual(['held', 'run', 'let go']);
    using seed = seedOf(gpu);
    tape.backward(result, seed);
    expect(told).toEqual(['held', 'run', 'let go']);
  });

  test('leads to what came before it', async () => {
    const { gpu, w, apply, tape } = await setUp();
    const before = toldOp('before');
    const { y } = apply(before.op, { w }, {}, 'before');
    const { op } = toldOp('f');
    const result = tape.checkpoint(
      (on) => applyOn(on)(op, { y, w }, {}, 'f')['y'] as Tensor,
      'block',
    );
    using seed = seedOf(gpu);
    expect([...tape.backward(result, seed).keys()]).toEqual([w]);
    expect(before.calls.map(({ pass }) => pass)).toEqual(['forward', 'backward']);
  });

  test('frees its part of a sum as soon as it is added', async () => {
    const { gpu, w, apply, tape, live } = await setUp();
    const segment = (on: Tape) => applyOn(on)(toldOp('f').op, { w }, {}, 'f')['y'] as Tensor;
    const y = tape.checkpoint(segment, 'block');
    const { y: z } = apply(toldOp('g').op, { y, w }, {}, 'g');
    using seed = seedOf(gpu);
    const before = live();
    tape.backward(z as Tensor, seed);
    // The gradient of w alone.
    expect(live()).toBe(before + 12);
  });

  test('that leads nowhere gives nothing', async () => {
    const { gpu, x, tape } = await setUp();
    const { op, calls } = toldOp('f');
    const result = tape.checkpoint((on) => applyOn(on)(op, { x }, {}, 'f')['y'] as Tensor, 'block');
    using seed = seedOf(gpu);
    expect(tape.backward(result, seed).size).toBe(0);
    expect(calls.map(({ pass }) => pass)).toEqual(['forward', 'forward']);
  });

  test('draws the same numbers again, and what follows draws others', async () => {
    const random = new RandomState(7);
    const { gpu, w, tape } = await setUp({ random });
    expect(tape.random).toBe(random);
    random.take(5);
    const drawn: number[] = [];
    const { op } = toldOp('f');
    const segment = (on: Tape) => {
      const { offset } = (on.random as RandomState).take(3);
      drawn.push(typeof offset === 'function' ? offset() : offset);
      return applyOn(on)(op, { w }, {}, 'f')['y'] as Tensor;
    };
    const result = tape.checkpoint(segment, 'block');
    random.take(4);
    using seed = seedOf(gpu);
    tape.backward(result, seed);
    expect([drawn, random.position]).toEqual([[5, 5], 12]);
  });

  test('shows both runs, records one, and casts in both', async () => {
    const shown: string[] = [];
    const recorded: string[] = [];
    const watch = ({ layer, grads }: Application<Tensor>) =>
      shown.push(`${layer}${grads ? ' backward' : ''}`);
    const recorder = {
      call: ({ layer }: { layer: string }) => recorded.push(layer),
    } as unknown as GraphBuilder<Tensor>;
    const { gpu, w, tape } = await setUp({ watch, recorder, autocast: 'float16' });
    const { op } = toldOp('matmul');
    const result = tape.checkpoint((on) => applyOn(on)(op, { a: w }, {}, 'f')['y'] as Tensor, 'b');
    using seed = seedOf(gpu);
    tape.backward(result, seed);
    expect(shown).toEqual(['f.a', 'f', 'f.a', 'f', 'f backward', 'f.a backward']);
    expect(recorded).toEqual(['f.a', 'f']);
  });

  test('refuses parameters that were changed since', async () => {
    const { gpu, w, tape } = await setUp();
    const { op } = toldOp('f');
    const result = tape.checkpoint((on) => applyOn(on)(op, { w }, {}, 'f')['y'] as Tensor, 'block');
    w.write(hostTensorFrom('f32', [3], [1, 2, 3]));
    using seed = seedOf(gpu);
    expect(() => tape.backward(result, seed)).toThrow(
      'backward: parameter 0 of block (f32 3) was changed in place',
    );
  });

  test('keeps what a trace shows as long as the tape', async () => {
    const trace: Application<Tensor>[] = [];
    const { gpu, w, tape, live } = await setUp({ trace });
    const f = toldOp('f');
    const g = toldOp('g');
    const result = tape.checkpoint((on) => {
      const { y } = applyOn(on)(f.op, { w }, {}, 'f');
      return applyOn(on)(g.op, { y }, {}, 'g')['y'] as Tensor;
    }, 'block');
    using seed = seedOf(gpu);
    const before = live();
    tape.backward(result, seed);
    // Two results and two gradients of the second run.
    expect(live()).toBe(before + 48);
    expect(trace.map(({ layer }) => layer)).toEqual(['f', 'g', 'g', 'f']);
    tape[Symbol.dispose]();
    expect(live()).toBe(3 * 12);
  });

  test('frees all that it made where it throws', async () => {
    const { w, tape, live } = await setUp();
    const before = live();
    expect(() =>
      tape.checkpoint((on) => {
        applyOn(on)(toldOp('f').op, { w }, {}, 'f');
        throw new Error('no');
      }, 'block'),
    ).toThrow('no');
    expect(live()).toBe(before);
  });
});

describe('autocast', () => {
  test('stores the operands of products in halves, by recorded casts', async () => {
    const trace: Application<Tensor>[] = [];
    const { gpu, w, x, apply, tape } = await setUp({ trace, autocast: 'bfloat16' });
    using c = Tensor.zeros(gpu, [3]);
    const { op, calls } = toldOp('matmul');
    const { y } = apply(op, { a: w, b: x, other: c, bias: undefined }, {}, 'fc');
    expect(trace.map(({ layer, op: { name }, params }) => [layer, name, params])).toEqual([
      ['fc.a', 'cast', { to: 'bfloat16' }],
      ['fc.b', 'cast', { to: 'bfloat16' }],
      ['fc', 'matmul', {}],
    ]);
    const [call] = calls;
    expect(Object.entries(call?.inputs ?? {}).map(([name, t]) => [name, t?.dtype])).toEqual([
      ['a', 'bf16'],
      ['b', 'bf16'],
      ['other', 'f32'],
      ['bias', undefined],
    ]);
    using seed = seedOf(gpu);
    expect([...tape.backward(y as Tensor, seed).keys()]).toEqual([w]);
  });
});
