import shader from '../../shaders/math/relu.wgsl';
import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import { GuardError } from '../../src/gpu/memory.ts';
import { f32, u32 } from '../../src/gpu/shader.ts';
import { add } from '../../src/ops/math/add.ts';
import { seam } from '../../src/seam.ts';
import { type HostTensor, hostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Random } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { codeOf } from '../../src/testing/code-of.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const tensors = suite('gpu.tensor', {
  description: 'Tensors of the device: views, copies, and what is refused',
});

/** The numbers from `first` on. */
function counted(shape: readonly number[], first = 0): HostTensor {
  const size = shape.reduce((product, n) => product * n, 1);
  return hostTensorFrom(
    'f32',
    shape,
    Array.from({ length: size }, (_, i) => first + i),
  );
}

function expectHost(
  t: CaseContext,
  name: string,
  actual: HostTensor,
  expected: readonly number[],
): void {
  const shape = [expected.length];
  t.expectEqual(
    name,
    { shape: [actual.data.length], data: valuesOf(actual) },
    { shape, data: Float64Array.from(expected) },
  );
}

type Misuse = (tensor: Tensor, shorter: Tensor) => unknown;

/** Ways to misuse a tensor of 100 elements, beside which is one of 99. */
const MISUSES: Readonly<Record<string, Misuse>> = {
  'a view of more elements': (tensor) => tensor.view([101]),
  'a view past the end': (tensor) => tensor.view([99], { offset: 8 }),
  'a view of wider elements': (tensor) =>
    tensor.view([10, 10], { dtype: 'u8' }).view([26], { dtype: 'f32' }),
  'a copy of another size': (tensor, shorter) => tensor.copyFrom(shorter),
  'a write of another size': (tensor) => tensor.write(counted([99])),
  'a write to a part': (tensor) => tensor.view([36], { offset: 256 }).write(counted([36])),
  'a write past the part': (tensor) => tensor.view([36], { offset: 256 }).write(counted([100])),
};

const CONTROL = ['subtracted in place of added', 'return a + b;', 'return a - b;'] as const;

tensors
  .case('views-and-copies')
  .desc(
    'A view is a part of its tensor, a clone is not; what does not fit, and what was disposed, is refused.',
  )
  .control(CONTROL[0], (fault) => fault.shader('math/add', CONTROL[1], CONTROL[2]))
  .run(async (t) => {
    using tensor = Tensor.from(t.gpu, counted([100]));
    using clone = tensor.clone();
    const part = tensor.view([6, 6], { offset: 256 });
    const sum = add.forward(t.gpu, { a: part, b: part }, {}).y;
    const twice = Array.from({ length: 36 }, (_, i) => 128 + 2 * i);
    expectHost(t, 'sum of views', await sum.read(), twice);
    part.copyFrom(sum);
    const seen = await tensor.read();
    expectHost(t, 'tensor whose view was written', seen, [...Array(64).keys(), ...twice]);
    expectHost(t, 'clone', await clone.read(), [...Array(100).keys()]);
    clone.write(counted([100], 7));
    expectHost(
      t,
      'clone that was written',
      await clone.read(),
      [...Array(100).keys()].map((i) => i + 7),
    );
    part[Symbol.dispose]();
    t.expect(
      (await tensor.read()).data.length === 100,
      () => 'the end of a view took its tensor away',
    );

    using shorter = Tensor.zeros(t.gpu, [99]);
    sum[Symbol.dispose]();
    sum[Symbol.dispose]();
    const misuses = { ...MISUSES, 'a use after disposal': () => sum.binding };
    for (const [name, misuse] of Object.entries<Misuse>(misuses)) {
      t.expect(
        codeOf(() => misuse(tensor, shorter)) === 'invariant',
        () => `${name} is not refused`,
      );
    }
    t.expect(
      codeOf(() => hostTensor('f32', [3], new Float32Array(2))) === 'shape',
      () => 'values that do not fill their shape are taken',
    );
  });

tensors
  .case('flat-parameters')
  .desc(
    'Parameters lie in one buffer, each at a multiple of 256 bytes; gradients are gathered to the same places, the gaps stay zero.',
  )
  .control(CONTROL[0], (fault) => fault.shader('math/add', CONTROL[1], CONTROL[2]))
  .run(async (t) => {
    const initial = new Map([
      ['a', counted([3, 5], 1)],
      ['b', counted([70], 100)],
    ]);
    using parameters = new FlatParameters(t.gpu, initial);
    t.expect(
      parameters.names.join() === 'a,b' && parameters.count === 85,
      () => `${parameters.count} values of ${parameters.names}`,
    );
    const back = await parameters.read();
    for (const [name, host] of initial) {
      expectHost(t, `parameter ${name}`, back[name] as HostTensor, [...valuesOf(host)]);
      t.expect(
        String(back[name]?.shape) === String(host.shape),
        () => `parameter ${name} is of shape ${back[name]?.shape}`,
      );
    }
    const views = parameters.names.map((name) => parameters.view(name));
    const sums = views.map((view) => add.forward(t.gpu, { a: view, b: view }, {}).y);
    const gradients = new Map(views.map((view, i) => [view, sums[i] as Tensor]));
    using target = Tensor.zeros(t.gpu, [parameters.layout.length]);
    parameters.gather(gradients, target);
    const [a, b] = [...initial.values()].map((host) =>
      [...valuesOf(host)].map((value) => 2 * value),
    );
    expectHost(t, 'gathered gradients', await target.read(), [
      ...(a ?? []),
      ...Array(49).fill(0),
      ...(b ?? []),
      ...Array(58).fill(0),
    ]);
    t.expect(
      codeOf(() => parameters.gather(new Map([...gradients].slice(1)), target)) === 'no-grad',
      () => 'gradients were gathered although one is missing',
    );
    for (const sum of sums) sum[Symbol.dispose]();
  });

/** Bytes that a copy takes too much. */
const excess = seam('tensor.excess', () => 8);

tensors
  .case('guards')
  .desc(
    'In guarded mode memory starts as NaN, and a write past the end of one of many buffers is told with its place.',
  )
  .control('nothing is written past the end', (fault) => fault.host('tensor.excess', () => () => 0))
  .run(async (t) => {
    t.gpu.memory.guarded = true;
    using source = Tensor.from(t.gpu, counted([100]));
    using _before = Tensor.zeros(t.gpu, [7]);
    using target = Tensor.empty(t.gpu, 'f32', [20]);
    using _after = Tensor.zeros(t.gpu, [7]);
    t.expect(
      valuesOf(await target.read()).every(Number.isNaN),
      () => 'memory that was not written is no NaN',
    );
    // The last bytes of the copy lie in the guard, from its fifth word on.
    t.gpu.copy(source.binding, { ...target.binding, offset: target.bytes + 16 }, excess());
    await target.read();
    const found = await t.gpu.memory.checkGuards().then(
      () => 'nothing',
      (error: unknown) => (error instanceof GuardError ? error.message : String(error)),
    );
    t.expect(
      found === 'a kernel wrote 16 bytes past the end of a buffer of 80 bytes',
      () => `of the guards it is said: ${found}`,
    );
  });

/**
 * Floating-point operations of one dispatch; many of them are too much for one submit on any
 * adapter.
 */
const longWork = seam('tensor.flops', () => 1e9);

tensors
  .case('long-work')
  .desc(
    'Work that takes long is divided among submits, so that no driver takes the device for stuck; short work waits for more.',
  )
  .control('it counts as short', (fault) => fault.host('tensor.flops', () => () => 1))
  .run(async (t) => {
    using x = Tensor.zeros(t.gpu, [4]);
    using y = Tensor.zeros(t.gpu, [4]);
    const submitsOf = (flops: number) => {
      t.gpu.submit();
      const before = t.gpu.recorder.submits;
      for (let i = 0; i < 200; i++) {
        const bindings = [x.binding, y.binding];
        t.gpu.dispatch({
          shader,
          bindings,
          uniforms: [u32(4), u32(0), f32(0), f32(0)],
          workgroups: [1, 1, 1],
          flops,
        });
      }
      return t.gpu.recorder.submits - before;
    };
    const long = submitsOf(longWork());
    const short = submitsOf(1);
    t.expect(
      long > 0 && long < 200 && short === 0,
      () => `200 long dispatches are ${long} submits before the last, and 200 short ones ${short}`,
    );
  });

tensors
  .case('random-numbers')
  .desc(
    'Uniform, normal and whole numbers have the means, the deviations and the ends that they should, within six deviations of chance.',
  )
  .control('every word is the same', (fault) =>
    fault.host('tensor.philox', () => () => [7, 7, 7, 7]),
  )
  .run(async (t) => {
    const random = t.random();
    const count = 4096;
    // Six deviations of the mean of as many numbers.
    const sixDeviations = 6 / Math.sqrt(count);
    const meanOf = (numbers: Float64Array) => numbers.reduce((sum, x) => sum + x, 0) / count;
    const near = (what: string, mean: number, expected: number, deviation: number) =>
      t.expect(
        Math.abs(mean - expected) <= sixDeviations * deviation,
        () => `the mean of ${what} is ${mean} and should be ${expected}`,
      );
    const uniform = random.fill(count, () => random.uniform(-1, 3));
    near('uniform numbers', meanOf(uniform), 1, 4 / Math.sqrt(12));
    t.expect(
      uniform.every((x) => x >= -1 && x < 3),
      () => 'a uniform number is outside of its range',
    );
    const normal = random.fill(count, () => random.normal(2));
    near('normal numbers', meanOf(normal), 0, 2);
    near('their squares', meanOf(normal.map((x) => x * x)), 4, 4 * Math.SQRT2);
    const whole = new Set(random.fill(count, () => random.integer(-2, 2)));
    t.expect(
      [...whole].sort((a, b) => a - b).join() === '-2,-1,0,1,2',
      () => `whole numbers from -2 to 2 are ${[...whole].join()}`,
    );
    t.expect(
      new Random(1).word() !== new Random(2).word() &&
        new Random(1, 1).word() !== new Random(1, 2).word(),
      () => 'seeds or streams are alike',
    );
  });
