import { AutogradError } from '../../src/autograd/autograd-error.ts';
import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import { GradientSum } from '../../src/autograd/gradient-sum.ts';
import { RandomState } from '../../src/autograd/random-state.ts';
import { Tape } from '../../src/autograd/tape.ts';
import type { Application } from '../../src/graph/call.ts';
import { Layers } from '../../src/models/layers.ts';
import { loraLinear } from '../../src/ops/lora/lora_linear.ts';
import { matmul } from '../../src/ops/matmul/matmul.ts';
import { clipGradients } from '../../src/ops/optim/clip_grad_norm.ts';
import { product } from '../../src/reference/matmul/product.ts';
import { record as dropoutRecord } from '../../src/reference/nn/dropout.ts';
import type { Value } from '../../src/reference/record.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const tapeSuite = suite('train.tape', { description: 'Automatic differentiation over ops' });

/** Small integers, so that every legal order of additions gives the same sums. */
function draw(t: CaseContext, stream: number, rows: number, cols: number): Value {
  const random = t.random(stream);
  return { shape: [rows, cols], data: random.fill(rows * cols, () => random.integer(-3, 3)) };
}

function upload(t: CaseContext, { shape, data }: Value): Tensor {
  return Tensor.from(t.gpu, hostTensorFrom('f32', shape, data));
}

async function download(tensor: Tensor | undefined): Promise<Value> {
  if (!tensor) throw new TypeError('there is no such gradient');
  return { shape: tensor.shape, data: valuesOf(await tensor.read()) };
}

tapeSuite
  .case('accumulation')
  .desc(
    'z = x w w uses w twice: its gradient must be the sum of the gradients of both uses, exactly.',
  )
  .control('second use subtracted', (fault) =>
    fault.shader('nn/accumulate_grad', 'return a + b;', 'return a - b;'),
  )
  .run(async (t) => {
    const host = { x: draw(t, 1, 5, 7), w: draw(t, 2, 7, 7), dz: draw(t, 3, 5, 7) };
    using x = upload(t, host.x);
    using w = upload(t, host.w);
    using dz = upload(t, host.dz);
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(t.gpu, [w], { trace });
    const once = tape.apply(matmul, { a: x, b: w }, {}, 'first').y;
    const twice = tape.apply(matmul, { a: once, b: w }, {}, 'second').y;
    const gradients = tape.backward(twice, dz);
    // dw = x^T (dz w^T) + (x w)^T dz
    const first = product(host.x, product(host.dz, host.w, false, true), true, false);
    const second = product(product(host.x, host.w, false, false), host.dz, true, false);
    const sum = first.data.map((value, i) => value + (second.data[i] as number));
    t.expectEqual('gradient of w', await download(gradients.get(w)), { shape: [7, 7], data: sum });
    const sums = trace.filter(
      ({ op: { name }, outputs }) =>
        name === 'accumulate_grad' && outputs['y'] === gradients.get(w),
    );
    t.expect(
      sums.length === 1,
      () => `${sums.length} sums of gradients were shown, and there is one`,
    );
  });

tapeSuite
  .case('only-what-is-needed')
  .desc(
    'Only gradients that lead to a watched tensor are computed: of two products in a row, the second alone, and of its operands one.',
  )
  .control('operands taken for gradients', (fault) =>
    fault.launch('matmul.backward', ([gpu, context, variant]) => [
      gpu,
      { ...context, grads: { y: context.inputs.a } },
      variant,
    ]),
  )
  .run(async (t) => {
    const host = {
      a: draw(t, 1, 6, 6),
      b: draw(t, 2, 6, 6),
      c: draw(t, 3, 6, 6),
      dz: draw(t, 4, 6, 6),
    };
    using a = upload(t, host.a);
    using b = upload(t, host.b);
    using c = upload(t, host.c);
    using dz = upload(t, host.dz);
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(t.gpu, [c], { trace });
    const frozen = tape.apply(matmul, { a, b }, {}, 'frozen').y;
    const gradients = tape.backward(tape.apply(matmul, { a: frozen, b: c }, {}, 'trained').y, dz);
    const computed = trace
      .flatMap(({ layer, gradients: of }) => (of ? [`${layer}: ${Object.keys(of).join(' ')}`] : []))
      .join('; ');
    t.expect(computed === 'trained: b', () => `gradients were computed of ${computed}`);
    t.expect(
      [...gradients.keys()].every((tensor) => tensor === c),
      () => 'a tensor that was not watched has a gradient',
    );
    const expected = product(product(host.a, host.b, false, false), host.dz, true, false);
    t.expectEqual('gradient of c', await download(gradients.get(c)), expected);
  });

tapeSuite
  .case('micro-batches')
  .desc(
    'The gradients of the halves of a batch, each on a tape of its own, sum to the gradient of the whole, exactly.',
  )
  .control('second half subtracted', (fault) =>
    fault.shader('nn/accumulate_grad', 'return a + b;', 'return a - b;'),
  )
  .run(async (t) => {
    const host = { x: draw(t, 1, 64, 64), w: draw(t, 2, 64, 8), dy: draw(t, 3, 64, 8) };
    using x = upload(t, host.x);
    using w = upload(t, host.w);
    using dy = upload(t, host.dy);
    using sum = new GradientSum(t.gpu);
    for (const half of [0, 1]) {
      using tape = new Tape(t.gpu, [w]);
      const part = (tensor: Tensor, cols: number) =>
        tensor.view([32, cols], { offset: half * 32 * cols * 4 });
      sum.add(
        tape.backward(tape.apply(matmul, { a: part(x, 64), b: w }, {}, 'linear').y, part(dy, 8)),
      );
    }
    t.expectEqual(
      'gradient of w',
      await download(sum.gradients.get(w)),
      product(host.x, host.dy, true, false),
    );
  });

tapeSuite
  .case('no-grad')
  .desc(
    'What is computed without gradients is a constant to backward: y = (x w) w, with the first product under noGrad, has the gradient of one use.',
  )
  .control('remembered nevertheless', (fault) => fault.host('tape.remembers', () => () => true))
  .run(async (t) => {
    const host = { x: draw(t, 1, 5, 7), w: draw(t, 2, 7, 7), dz: draw(t, 3, 5, 7) };
    using x = upload(t, host.x);
    using w = upload(t, host.w);
    using dz = upload(t, host.dz);
    using tape = new Tape(t.gpu, [w]);
    const frozen = tape.noGrad(() => tape.apply(matmul, { a: x, b: w }, {}, 'frozen').y);
    const gradients = tape.backward(tape.apply(matmul, { a: frozen, b: w }, {}, 'trained').y, dz);
    const expected = product(product(host.x, host.w, false, false), host.dz, true, false);
    t.expectEqual('gradient of w', await download(gradients.get(w)), expected);
  });

tapeSuite
  .case('view')
  .desc('A gradient flows through a reshape: of z = reshape(x w) v, the gradient of w, exactly.')
  .control('operands taken for gradients', (fault) =>
    fault.launch('matmul.backward', ([gpu, context, variant]) => [
      gpu,
      { ...context, grads: { y: context.inputs.a } },
      variant,
    ]),
  )
  .run(async (t) => {
    const host = {
      x: draw(t, 1, 6, 4),
      w: draw(t, 2, 4, 4),
      v: draw(t, 3, 8, 8),
      dz: draw(t, 4, 3, 8),
    };
    using x = upload(t, host.x);
    using w = upload(t, host.w);
    using v = upload(t, host.v);
    using dz = upload(t, host.dz);
    using tape = new Tape(t.gpu, [w]);
    const reshaped = tape.view(tape.apply(matmul, { a: x, b: w }, {}, 'first').y, [3, 8]);
    const gradients = tape.backward(tape.apply(matmul, { a: reshaped, b: v }, {}, 'second').y, dz);
    const back = { ...product(host.dz, host.v, false, true), shape: [6, 4] };
    t.expectEqual(
      'gradient of w',
      await download(gradients.get(w)),
      product(host.x, back, true, false),
    );
  });

tapeSuite
  .case('checkpoint')
  .desc(
    'A segment that backward runs again gives the same bits as one that was kept, draws the same random numbers, and holds less memory between.',
  )
  .control('other random numbers the second time', (fault) =>
    fault.host('random_state.from', () => (_state, _at, segment) => segment()),
  )
  .run(async (t) => {
    using x = upload(t, draw(t, 1, 48, 48));
    using w = upload(t, draw(t, 2, 48, 48));
    using dz = upload(t, draw(t, 3, 48, 48));
    using weight = upload(t, draw(t, 4, 48, 48));
    /** Three products and as many draws; each scales by the position that it got. */
    const run = async (checkpointed: boolean) => {
      const random = new RandomState(t.seed);
      random.take(3);
      using tape = new Tape(t.gpu, [w], { random });
      const segment = (on: Tape) => {
        let y = x;
        for (const layer of ['one', 'two', 'three']) {
          const { offset } = random.take(1);
          const alpha = typeof offset === 'function' ? offset() : offset;
          y = on.apply(
            loraLinear,
            { x: y, weight, lora_A: w, lora_B: w },
            { r: 48, alpha },
            layer,
          ).y;
        }
        return y;
      };
      const before = t.gpu.memory.ledger.liveBytes;
      const z = checkpointed ? tape.checkpoint(segment, 'segment') : segment(tape);
      const held = t.gpu.memory.ledger.liveBytes - before;
      random.take(1);
      return { held, gradient: await download(tape.backward(z, dz).get(w)) };
    };
    const kept = await run(false);
    const again = await run(true);
    t.expectEqual('gradient of w', again.gradient, kept.gradient);
    t.expect(
      again.held <= kept.held / 3,
      () => `${again.held} bytes are held, and ${kept.held} without a checkpoint`,
    );
  });

/** Ways to change a tensor of [6, 6] where it lies. */
const CHANGES: Readonly<Record<string, (w: Tensor) => void>> = {
  'backward-changed': (w) => w.write(hostTensorFrom('f32', w.shape, new Float32Array(w.size))),
  'backward-changed/copy': (w) => {
    using other = w.clone();
    w.copyFrom(other);
  },
  'backward-changed/kernel': (w) => clipGradients(w.gpu, [w], { max_norm: 1 })[Symbol.dispose](),
};

/**
 * What must not be done with a tape, by the code of the refusal, and behind a slash what tells it
 * from others of the same code.
 */
const MISUSES: Readonly<Record<string, (t: CaseContext, w: Tensor) => void>> = {
  'backward-root': (t, w) => {
    using tape = new Tape(t.gpu);
    tape.backward(tape.apply(matmul, { a: w, b: w }, {}, 'linear').y, w);
  },
  'tape-freed': (t, w) => {
    using tape = new Tape(t.gpu, [w]);
    const { y } = tape.apply(matmul, { a: w, b: w }, {}, 'linear');
    tape.backward(y, w);
    tape.backward(y, w);
  },
  ...Object.fromEntries(
    Object.entries(CHANGES).map(([name, change]) => [
      name,
      (t: CaseContext, w: Tensor) => {
        using tape = new Tape(t.gpu, [w]);
        const { y } = tape.apply(matmul, { a: w, b: w }, {}, 'linear');
        change(w);
        tape.backward(y, w);
      },
    ]),
  ),
};

tapeSuite
  .case('refused', { code: Object.keys(MISUSES) })
  .desc(
    'Backward is refused, with the reason, from a root that no parameter leads to, a second time, and after a tensor that it needs was changed in place.',
  )
  .control('backward runs all the same', (fault) =>
    fault.host('tape.refuse', () => () => undefined),
  )
  .run(async (t) => {
    using w = upload(t, draw(t, 1, 6, 6));
    const name = String(t.params['code']);
    const [code] = name.split('/');
    let thrown: unknown;
    try {
      MISUSES[name]?.(t, w);
    } catch (error) {
      thrown = error;
    }
    t.expect(
      thrown instanceof AutogradError && thrown.code === code,
      () => `${thrown} is thrown and not ${code}`,
    );
  });

tapeSuite
  .case('random-positions')
  .desc(
    'Ops take places in one stream of random numbers one after the other; the next step starts behind, a checkpoint goes back.',
  )
  .control('a checkpoint that goes nowhere', (fault) =>
    fault.host('random_state.from', () => () => undefined),
  )
  .run(async (t) => {
    const state = new RandomState(7);
    const offsets: number[] = [];
    const take = (counters: number) => {
      const { offset } = state.take(counters);
      offsets.push(typeof offset === 'number' ? offset : offset());
    };
    for (const _step of [1, 2, 3]) {
      state.begin();
      take(5);
      take(3);
      state.from(0, () => take(3));
      take(2);
      state.advance();
    }
    const first = [0, 5, 0, 8];
    const expected = [...first, ...first.map((at) => at + 10), ...first.map((at) => at + 20)];
    const shape = [expected.length];
    t.expectEqual(
      'positions',
      { shape: [offsets.length], data: Float64Array.from(offsets) },
      { shape, data: Float64Array.from(expected) },
    );
  });

tapeSuite
  .case('dropout-layers')
  .desc(
    'A layer of dropout draws on where the one before it ended; on a tape without random numbers it gives what it gets.',
  )
  .control('the seed of another stream', (fault) =>
    fault.launch('dropout.forward', ([gpu, inputs, params, variant]) => [
      gpu,
      inputs,
      { ...params, seed: params.seed + 1 },
      variant,
    ]),
  )
  .run(async (t) => {
    const x = draw(t, 1, 5, 7);
    using input = upload(t, x);
    using parameters = new FlatParameters(
      t.gpu,
      new Map([['unused', hostTensorFrom('f32', [1], [0])]]),
    );
    using training = new Tape(t.gpu, [], { random: new RandomState(7) });
    const layers = new Layers(training, parameters);
    // Four numbers for each of the nine counts that 35 elements take.
    for (const offset of [0, 9]) {
      const expected = dropoutRecord.forward({ x }, { p: 0.5, seed: 7, offset }).y;
      t.expectEqual(
        `after ${offset} counts`,
        await download(layers.dropout(`dropout${offset}`, input, 0.5)),
        expected,
      );
    }
    using inference = new Tape(t.gpu);
    t.expect(
      new Layers(inference, parameters).dropout('dropout', input, 0.5) === input,
      () => 'something is dropped outside of training',
    );
  });
