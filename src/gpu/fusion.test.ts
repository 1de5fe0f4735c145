import { describe, expect, test } from 'vitest';
import add from '../../shaders/math/add.wgsl';
import mul from '../../shaders/math/mul.wgsl';
import register from '../../shaders/matmul/register.wgsl?links';
import silu from '../../shaders/nn/silu.wgsl';
import { fused } from './fusion.ts';
import type { Allocation, Binding } from './memory.ts';
import type { Cast, Launch } from './recorder.ts';
import { linkedShader, type Shader, u32 } from './shader.ts';
import { type Command, TracedAllocation } from './trace.ts';

/** Memory of the step, or of others; each of another version, so that none equals another. */
let made = 0;
function own(bytes = 32): Allocation {
  const memory = new TracedAllocation(bytes);
  memory.version = ++made;
  return memory;
}
const outside = (): Allocation => ({
  buffer: {} as GPUBuffer,
  offset: 0,
  bytes: 32,
  version: ++made,
  guardBytes: 0,
});
const x = outside();
const y = outside();
const z = outside();

const whole = (memory: Allocation): Binding => ({ memory, offset: 0, size: 32 });
const part = (memory: Allocation, offset: number): Binding => ({ memory, offset, size: 32 });

type Operand = Allocation | Binding;
const bindingOf = (operand: Operand): Binding => ('memory' in operand ? operand : whole(operand));

const dispatch = (launch: Launch): Command => ({ kind: 'dispatch', launch });

/** Eight elements, each a function of the same element of the operands. */
function each(
  shader: Shader,
  operands: readonly Operand[],
  elementwise: { count?: number; parameters?: readonly number[] } = {},
): Command {
  return dispatch({
    shader,
    bindings: operands.map(bindingOf),
    workgroups: [1, 1, 1],
    uniforms: [u32(8)],
    elementwise: { count: 8, ...elementwise },
  });
}

/** A product of eight elements without a bias. */
function product(a: Allocation, b: Allocation, result: Allocation): Command {
  return dispatch({
    shader: linkedShader(register, 'strided'),
    bindings: [a, b, a, result].map(whole),
    workgroups: [3, 2, 1],
    uniforms: [u32(5)],
    constants: { ROWS: 2 },
    product: { count: 8, y: 3 },
    flops: 1000,
  });
}

const copy = (from: Allocation, to: Allocation): Command => ({
  kind: 'copy',
  from: { memory: from, offset: 0 },
  to: { memory: to, offset: 0 },
  bytes: 32,
});

const fuse = (commands: readonly Command[], kept: readonly Allocation[] = [], most = 8) =>
  fused(commands, new Set(kept), most);

const launchOf = (command: Command | undefined): Launch => {
  if (command?.kind !== 'dispatch') throw new Error('no launch');
  return command.launch;
};

/** What a launch binds, by the memory. */
const boundBy = (command: Command | undefined) =>
  launchOf(command).bindings.map(({ memory }) => memory);

/** The functions of each command's kernel, or `copy`. */
const kernelsOf = (commands: readonly Command[]) =>
  commands.map((command) =>
    command.kind === 'copy'
      ? 'copy'
      : command.launch.shader.file.replace(/^.*\/|-[0-9a-f]{1,8}$/g, ''),
  );

const cast = (from: Allocation, to: Allocation, as: Cast): Command =>
  dispatch({
    shader: silu,
    bindings: [whole(from), whole(to)],
    workgroups: [1, 1, 1],
    elementwise: { count: 8, cast: as },
  });

describe('casts', () => {
  test('between functions are part of their kernel, which reads and stores halves', async () => {
    const wide = own();
    const active = own();
    const { code } = launchOf(
      (
        await fuse([
          cast(x, wide, { from: 'f16', to: 'f32' }),
          each(silu, [wide, active]),
          cast(active, y, { from: 'f32', to: 'bf16' }),
        ])
      )[0],
    ).shader;
    expect(code.match(/var<storage.*/g)).toEqual([
      'var<storage, read> in0: array<vec2u>;',
      'var<storage, read_write> out0: array<vec2u>;',
    ]);
  });

  test('are no part of a product', async () => {
    const p = own();
    const commands = [product(x, z, p), cast(p, y, { from: 'f32', to: 'f16' })];
    expect(await fuse(commands)).toHaveLength(2);
  });
});

describe('launches that follow from each other', () => {
  test('are one kernel, and what only it uses stays in registers', async () => {
    const t = own();
    const commands = await fuse([each(silu, [x, t]), each(add, [t, z, y])]);
    expect(kernelsOf(commands)).toEqual(['silu+add']);
    expect(boundBy(commands[0])).toEqual([x, z, y]);
    const { uniforms, workgroups, flops, shader } = launchOf(commands[0]);
    expect([uniforms, workgroups]).toEqual([[u32(8)], [1, 1, 1]]);
    // Twenty for each byte that the launches had been given.
    expect(flops).toBe(20 * 2 * 32 + 20 * 3 * 32);
    expect(shader.code).toContain('out0[i] = t1');
  });

  test.each<[string, Allocation, boolean]>([
    ['is kept', own(), true],
    ['is memory from outside', outside(), false],
  ])('store what %s too', async (_, t, isKept) => {
    const commands = await fuse([each(silu, [x, t]), each(add, [t, z, y])], isKept ? [t] : []);
    expect(boundBy(commands[0])).toEqual([x, z, t, y]);
  });

  test('store what comes last, although nothing uses it', async () => {
    const t = own();
    const u = own();
    const commands = await fuse([each(silu, [x, t]), each(add, [t, z, u])]);
    expect(boundBy(commands[0])).toEqual([x, z, u]);
  });

  test('store what another command uses, before or behind', async () => {
    const t = own();
    const u = own();
    const chain = [each(silu, [x, t]), each(add, [t, z, y])];
    const read = await fuse([...chain, copy(t, u)]);
    expect(kernelsOf(read)).toEqual(['silu+add', 'copy']);
    expect(boundBy(read[0])).toEqual([x, z, t, y]);
    const written = await fuse([...chain, copy(u, t)]);
    expect(boundBy(written[0])).toEqual([x, z, t, y]);
    const dispatched = await fuse([...chain, product(t, z, u)]);
    expect(boundBy(dispatched[0])).toEqual([x, z, t, y]);
    expect(boundBy(dispatched[1])).toEqual([t, z, t, u]);
  });

  test('may only share what they read', async () => {
    const t = own();
    const u = own();
    const commands = await fuse([each(silu, [x, t]), each(silu, [x, u])], [t, u]);
    expect(kernelsOf(commands)).toEqual(['silu+silu']);
    expect(boundBy(commands[0])).toEqual([x, t, u]);
  });

  test('bring their numbers, in their order', async () => {
    const t = own();
    const commands = await fuse([
      each(mul, [x, t], { parameters: [0.5, 2] }),
      each(add, [t, z, y]),
      each(silu, [y, own()], { parameters: [3] }),
    ]);
    expect(launchOf(commands[0]).uniforms).toEqual([
      u32(8),
      ...[0.5, 2, 3].map((value) => ({ kind: 'f32', value })),
    ]);
    expect(launchOf(commands[0]).shader.code).toContain('p0_1');
  });

  test('count four elements for an invocation', async () => {
    const elementwise = { count: 4097 };
    const commands = await fuse([
      each(silu, [x, own()], elementwise),
      each(silu, [x, y], elementwise),
    ]);
    expect(launchOf(commands[0]).workgroups).toEqual([5, 1, 1]);
    expect(launchOf(commands[0]).uniforms).toEqual([u32(4097)]);
  });

  test('take operands by what they are, not by where they stand', async () => {
    const t = own();
    const commands = await fuse([each(silu, [x, t]), each(add, [z, t, y])]);
    expect(boundBy(commands[0])).toEqual([x, z, y]);
    expect(launchOf(commands[0]).shader.code).toMatch(/add\w*\(in1\[i\], t0\)/);
  });
});

describe('launches stay apart', () => {
  test('that are alone: they are as they were', async () => {
    const alone = each(silu, [x, y]);
    const commands = await fuse([alone]);
    expect(launchOf(commands[0])).toBe(launchOf(alone));
    const big = product(x, y, z);
    expect(launchOf((await fuse([big]))[0])).toBe(launchOf(big));
  });

  test.each<[string, readonly Command[]]>([
    ['of other counts', [each(silu, [x, y], { count: 4 }), each(silu, [y, z])]],
    ['that have nothing in common', [each(silu, [x, own()]), each(silu, [z, own()])]],
    ['that share an output alone', [each(silu, [x, y]), each(silu, [z, y])]],
    [
      'where one would read a buffer that another writes',
      [each(silu, [part(x, 0), y]), each(add, [y, part(x, 256), part(x, 512)])],
    ],
    [
      'where both would write one buffer',
      [each(silu, [x, part(y, 0)]), each(silu, [x, part(y, 256)])],
    ],
    [
      'where the second reads another part of what the first wrote',
      [each(silu, [x, part(y, 0)]), each(silu, [part(y, 256), z])],
    ],
    [
      'where the second reads more than the first wrote',
      [each(silu, [x, y]), each(silu, [{ memory: y, offset: 0, size: 64 }, z])],
    ],
  ])('%s', async (_, commands) => {
    expect(await fuse(commands)).toHaveLength(2);
  });

  test('that bind more than the device can', async () => {
    const chain = () => {
      const t = own();
      return [each(silu, [x, t]), each(add, [t, z, y])];
    };
    // x, z and y: what stays in registers is not bound.
    expect(await fuse(chain(), [], 3)).toHaveLength(1);
    expect(await fuse(chain(), [], 2)).toHaveLength(2);
  });

  test('that would bind more because another command uses a result', async () => {
    const t = own();
    const commands = [each(silu, [x, t]), each(add, [t, z, y]), copy(t, own())];
    expect(await fuse(commands, [], 4)).toHaveLength(2);
    expect(await fuse(commands, [], 3)).toHaveLength(3);
    expect(await fuse(commands.slice(0, 2), [t], 3)).toHaveLength(2);
  });

  test.each<[string, (t: Allocation) => Command, number]>([
    ['reads what the first wrote', (t) => copy(t, own()), 3],
    ['writes what the first wrote', (t) => copy(own(), t), 3],
    ['writes what the first read', () => copy(own(), x), 3],
    ['reads what the first read', () => copy(x, own()), 2],
    ['touches nothing of it', () => copy(own(), own()), 2],
  ])('when a command between them %s', async (_, between, commands) => {
    const t = own();
    const result = await fuse([each(silu, [x, t]), between(t), each(add, [t, z, y])]);
    expect(result).toHaveLength(commands);
    // The one kernel runs where the last of its launches did.
    if (commands === 2) expect(kernelsOf(result)).toEqual(['copy', 'silu+add']);
  });
});

test('a launch joins all kernels whose results it needs, in the order of their launches', async () => {
  const t = own();
  const u = own();
  const v = own();
  const steps = (last: Command) => [
    each(silu, [x, t]),
    each(silu, [z, u]),
    each(add, [t, x, v]),
    last,
  ];
  const commands = await fuse(steps(each(add, [v, u, y])));
  expect(kernelsOf(commands)).toEqual(['silu+silu+add+add']);
  expect(boundBy(commands[0])).toEqual([x, z, y]);
  // The second only reads the same.
  expect(kernelsOf(await fuse(steps(each(add, [v, z, y])), [u]))).toEqual(['silu', 'silu+add+add']);
  // x, z, t, v and y.
  const keeping = (most: number) => fuse(steps(each(add, [v, u, y])), [t, v], most);
  expect(await keeping(5)).toHaveLength(1);
  expect(kernelsOf(await keeping(4))).toEqual(['silu+add', 'silu+add']);
});

test('a launch that needs two products joins the last, and one is read', async () => {
  const p = own();
  const q = own();
  const commands = [product(x, z, p), product(z, x, q), each(add, [p, q, y])];
  const result = await fuse(commands);
  expect(result).toHaveLength(2);
  expect(boundBy(result[0])).toEqual([x, z, x, p]);
  expect(boundBy(result[1])).toEqual([z, x, z, y, p]);
});

test('what could not join starts a kernel of its own', async () => {
  const t = own();
  const u = own();
  const v = own();
  const commands = await fuse([
    each(silu, [x, t]),
    copy(t, v),
    each(silu, [t, u]),
    each(add, [u, z, y]),
  ]);
  expect(kernelsOf(commands)).toEqual(['silu', 'copy', 'silu+add']);
});

describe('a product', () => {
  test('applies the functions that follow to its sums', async () => {
    const p = own();
    const t = own();
    const first = product(x, z, p);
    const commands = await fuse([first, each(silu, [p, t]), each(add, [z, t, y])]);
    expect(kernelsOf(commands)).toEqual(['register+silu+add']);
    const launch = launchOf(commands[0]);
    // a, b, the bias, y; then what the functions read beside the sums.
    expect(launch.bindings.map(({ memory }) => memory)).toEqual([x, z, x, y, z]);
    expect([launch.uniforms, launch.workgroups, launch.constants]).toEqual([
      [u32(5)],
      [3, 2, 1],
      { ROWS: 2 },
    ]);
    expect(launch.flops).toBe(1000 + 20 * 2 * 32 + 20 * 3 * 32);
    expect(launch.shader.code).toMatch(/@binding\(5\)\s*var<storage, read> in0/);
  });

  test('stores its sums and other results where they are needed', async () => {
    const p = own();
    const t = own();
    const steps = [product(x, z, p), each(silu, [p, t]), each(silu, [t, y])];
    expect(boundBy((await fuse(steps, [t]))[0])).toEqual([x, z, x, t, y]);
    expect(boundBy((await fuse(steps, [p]))[0])).toEqual([x, z, x, p, y]);
    expect(boundBy((await fuse(steps, [p, t]))[0])).toEqual([x, z, x, p, t, y]);
  });

  test('binds its own, its first result, what functions read, and then other results', async () => {
    const p = own();
    const t = own();
    const w = outside();
    const steps = [product(x, z, p), each(add, [w, p, t]), each(silu, [t, y])];
    expect(boundBy((await fuse(steps, [t]))[0])).toEqual([x, z, x, t, w, y]);
  });

  test('has no room for numbers of others', async () => {
    const p = own();
    const steps = (parameters: readonly number[]) => [
      product(x, z, p),
      each(silu, [p, y], { parameters }),
    ];
    expect(await fuse(steps([2]))).toHaveLength(2);
    expect(await fuse(steps([]))).toHaveLength(1);
  });

  test('joins only functions of as many elements as it has', async () => {
    const p = own();
    expect(await fuse([product(x, z, p), each(silu, [p, y], { count: 4 })])).toHaveLength(2);
  });

  test('binds one more than it reads: an absent bias too', async () => {
    const steps = () => {
      const p = own();
      return [product(x, z, p), each(silu, [p, y])];
    };
    // x, z, y and the bias.
    expect(await fuse(steps(), [], 4)).toHaveLength(1);
    expect(await fuse(steps(), [], 3)).toHaveLength(2);
  });
});
