import { describe, expect, test } from 'vitest';
import type { HostDispatch } from '../gpu/fixtures/host-commands.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import { add } from '../ops/math/add.ts';
import { relu } from '../ops/math/relu.ts';
import { type HostTensor, hostTensorFrom } from '../tensor/host.ts';
import { Tensor } from '../tensor/tensor.ts';
import { CapturedStep, capture, planStep } from './capture.ts';

/** The words that math/add gives of operands of one shape. */
function run({ label, bindings }: HostDispatch): void {
  if (label !== 'math/add') return;
  const [a, b, y] = bindings.map(
    ({ bytes, offset, size }) => new Float32Array(bytes.buffer, offset, size / 4),
  ) as [Float32Array, Float32Array, Float32Array];
  for (const i of y.keys()) y[i] = (a[i] as number) + (b[i] as number);
}

const row = (...values: readonly number[]) => hostTensorFrom('f32', [values.length], values);
const plus = (a: Tensor, b: Tensor) => add.forward(a.gpu, { a, b }, {}).y;

async function setUp(limits: Readonly<Record<string, number>> = {}) {
  const { gpu, host } = await hostGpu({ run, limits });
  const from = (value: HostTensor) => Tensor.from(gpu, value);
  return { gpu, host, x: from(row(1, 2, 3)), w: from(row(10, 20, 30)) };
}

describe('a captured step', () => {
  test('runs with what it is given, and leaves the rest as it was', async () => {
    const { gpu, x, w } = await setUp();
    using step = await capture(gpu, (inputs: { x: Tensor }) => ({ y: plus(inputs.x, w) }), {
      inputs: { x },
    });
    const { y } = step.run();
    expect(y).toBe(step.outputs.y);
    expect([...(await y.read()).data]).toEqual([11, 22, 33]);
    step.run({ x: row(5, 6, 7) });
    expect([...(await y.read()).data]).toEqual([15, 26, 37]);
    step.run();
    expect([...(await y.read()).data]).toEqual([15, 26, 37]);
    expect(step.length).toBe(1);
    // Places are multiples of 256.
    expect(step.memory).toEqual({ arenaBytes: 256, leastBytes: 256 });
  });

  test.each([true, false])('gives outputs that no command touches, fuse: %s', async (fuse) => {
    const { gpu, x, w } = await setUp();
    using none = Tensor.from(gpu, row());
    const make = () => ({
      empty: plus(none, none),
      given: Tensor.from(gpu, row(4)),
      y: plus(x, w),
    });
    using step = await capture(gpu, make, { fuse });
    const read = async () => {
      const outputs = Object.values(step.run()).map((tensor) => tensor.read());
      return (await Promise.all(outputs)).map(({ shape, data }) => [shape, [...data]]);
    };
    const expected = [
      [[0], []],
      [[1], [4]],
      [[3], [11, 22, 33]],
    ];
    expect(await read()).toEqual(expected);
    expect(await read()).toEqual(expected);
    using alone = await capture(gpu, () => ({ empty: plus(none, none) }), { fuse });
    expect(await alone.run().empty.read()).toMatchObject({ shape: [0] });
  });

  test('says what its arena has, and what any would need', async () => {
    const { gpu, x, w } = await setUp();
    const plan = await planStep(gpu, () => ({ y: plus(x, w) }));
    const { plan: arena } = plan.memory;
    const memory = { ...plan.memory, plan: { ...arena, leastBytes: 128 } };
    using step = new CapturedStep(gpu, { ...plan, memory });
    expect(step.memory).toEqual({ arenaBytes: 256, leastBytes: 128 });
  });

  test('frees its arena when it ends', async () => {
    const { gpu, x, w } = await setUp();
    const before = gpu.memory.ledger.liveBytes;
    const step = await capture(gpu, () => ({ y: plus(x, w) }));
    expect(gpu.memory.ledger.liveBytes).toBeGreaterThan(before);
    step[Symbol.dispose]();
    expect(gpu.memory.ledger.liveBytes).toBe(before);
  });

  test.each<[string, HostTensor, string]>([
    ['x', row(1, 2), 'input x is f32 2 and was f32 3 when the step was captured'],
    ['x', hostTensorFrom('i32', [3], [1, 2, 3]), 'input x is i32 3 and was f32 3 when'],
    ['z', row(1, 2, 3), 'input z is f32 3 and was one of x, b when the step was captured'],
  ])('refuses %s of another kind', async (name, value, message) => {
    const { gpu, x, w } = await setUp();
    using b = Tensor.zeros(gpu, [3]);
    using step = await capture(gpu, (inputs) => ({ y: plus(inputs.x, w) }), { inputs: { x, b } });
    expect(() => step.run({ [name]: value })).toThrow(message);
    expect(() => step.run({ [name]: value })).toThrow('capture the step again');
  });

  test('that has no inputs says so', async () => {
    const { gpu, x, w } = await setUp();
    using step = await capture(gpu, () => ({ y: plus(x, w) }));
    expect(() => step.run({ z: row(1) })).toThrow('input z is f32 1 and was one of none when');
  });

  test('refuses to run when what it uses was freed', async () => {
    const { gpu, x, w } = await setUp();
    using step = await capture(gpu, () => ({ y: plus(x, w) }));
    const ran = gpu.recorder.dispatches;
    w[Symbol.dispose]();
    expect(() => step.run()).toThrow('a tensor of 12 bytes that the captured step uses was freed');
    expect(gpu.recorder.dispatches).toBe(ran);
  });
});

describe('the plan of a step', () => {
  /** relu(x + w) */
  const twice = (x: Tensor, w: Tensor) => {
    using sum = plus(x, w);
    return { y: relu.forward(x.gpu, { x: sum }, {}).y };
  };

  test('fuses element-wise kernels, unless it must not', async () => {
    const { gpu, x, w } = await setUp();
    const kernels = async (fuse?: boolean) => {
      const options = fuse === undefined ? {} : { fuse };
      const { commands } = await planStep(gpu, () => twice(x, w), options);
      return commands.length;
    };
    expect([await kernels(), await kernels(true), await kernels(false)]).toEqual([1, 1, 2]);
  });

  test('fuses no more than a kernel can bind', async () => {
    const { gpu, x, w } = await setUp({ maxStorageBuffersPerShaderStage: 2 });
    expect((await planStep(gpu, () => twice(x, w))).commands).toHaveLength(2);
    // Both operands and what becomes of their sum, which stays in registers.
    const enough = await setUp({ maxStorageBuffersPerShaderStage: 3 });
    const plan = await planStep(enough.gpu, () => twice(enough.x, enough.w));
    expect(plan.commands).toHaveLength(1);
  });

  test('cuts its arena into buffers that the adapter has', async () => {
    const plan = async (maxBufferSize: number) => {
      const { gpu, x, w } = await setUp({ maxBufferSize });
      const step = () => ({ a: plus(x, w), b: plus(x, w) });
      return (await planStep(gpu, step)).memory.plan.slabs.length;
    };
    expect([await plan(256), await plan(2 ** 20)]).toEqual([2, 1]);
  });

  test('refuses a step that does something else each time', async () => {
    const { gpu, x, w } = await setUp();
    let n = 0;
    const step = () => (n++ === 0 ? { y: plus(x, w) } : twice(x, w));
    await expect(planStep(gpu, step)).rejects.toMatchObject({
      code: 'capture-varies',
      message:
        'two runs of the step differ: it records 1 commands and then 2; a capture would repeat the first: give the number as a function, or what changes as an input',
    });
  });

  test('refuses a step that keeps what it makes', async () => {
    const { gpu, x, w } = await setUp();
    const step = () => {
      plus(x, w);
      plus(x, w);
      return { y: plus(x, w) };
    };
    await expect(planStep(gpu, step)).rejects.toMatchObject({
      code: 'capture-leak',
      message: expect.stringContaining(
        'the step neither frees nor returns 2 of its tensors, the first of 12 bytes',
      ),
    });
  });
});
