import { describe, expect, test } from 'vitest';
import type { HostDispatch } from './fixtures/host-commands.ts';
import { hostGpu } from './fixtures/host-gpu.ts';
import type { Gpu } from './gpu.ts';
import type { Allocation } from './memory.ts';
import { Program, planProgram } from './program.ts';
import { type Uniforms, u32 } from './shader.ts';

/** y = x + n, of whole tensors. */
const ADD = {
  file: 'test/add',
  code: `@binding(0) var<storage, read> x: array<u32>;
    @binding(1) var<storage, read_write> y: array<u32>;
    @binding(2) var<uniform> n: N;`,
};

const wordsOf = ({ bytes }: HostDispatch['bindings'][number]) =>
  new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);

function addNumber({ bindings: [x, y, n] }: HostDispatch): void {
  if (!x || !y) throw new Error('x or y is not bound');
  const add = n ? (wordsOf(n)[0] as number) : 0;
  wordsOf(y).set(wordsOf(x).map((word) => word + add));
}

const setUp = () => hostGpu({ run: addNumber });

const bindingOf = (memory: Allocation) => ({ memory, offset: 0, size: 16 });

function add(gpu: Gpu, x: Allocation, y: Allocation, uniforms?: Uniforms): void {
  gpu.dispatch({
    shader: ADD,
    bindings: [bindingOf(x), bindingOf(y)],
    workgroups: [1, 1, 1],
    ...(uniforms && { uniforms }),
  });
}

/** A program of a step whose results are kept. */
function programOf(gpu: Gpu, step: () => readonly Allocation[], largest = 2 ** 20) {
  const { trace, result } = gpu.trace(step);
  const memory = planProgram(trace.commands, new Set(result), largest);
  return { program: new Program(gpu, trace.commands, memory), results: result, memory };
}

async function firstOf(gpu: Gpu, memory: Allocation): Promise<number> {
  const words = await gpu.read({ memory, offset: 0 }, 4);
  return new Uint32Array(words)[0] as number;
}

function replay(gpu: Gpu, program: Program): void {
  program.begin();
  gpu.recorder.replay(program);
}

describe('a program', () => {
  test('does again what its step does, with numbers as they are now', async () => {
    const { gpu, host } = await setUp();
    const x = gpu.allocate(16);
    let now = 3;
    const { program, results } = programOf(gpu, () => {
      const a = gpu.allocate(16);
      const b = gpu.allocate(16);
      add(gpu, x, a, [u32(100)]);
      add(gpu, a, b, () => [u32(now)]);
      gpu.free(a);
      return [b];
    });
    const [b] = results as [Allocation];
    gpu.write(x, Uint32Array.of(1, 0, 0, 0));
    replay(gpu, program);
    expect(await firstOf(gpu, b)).toBe(104);
    gpu.write(x, Uint32Array.of(2, 0, 0, 0));
    now = 7;
    replay(gpu, program);
    expect(await firstOf(gpu, b)).toBe(109);
    // Nothing is written where no number changed.
    host.asked.length = 0;
    replay(gpu, program);
    gpu.submit();
    expect(host.asked).toEqual(['submit']);
    now = 8;
    replay(gpu, program);
    replay(gpu, program);
    expect(await firstOf(gpu, b)).toBe(110);
    expect(program.commands.map(({ kind }) => kind)).toEqual(['dispatch', 'dispatch']);
    expect([...program.shaders].map(({ file }) => file)).toEqual(['test/add']);
  });

  test('notices a change of one number among others', async () => {
    const { gpu } = await setUp();
    const x = gpu.allocate(16);
    let now = 256;
    const { program, results } = programOf(gpu, () => {
      const y = gpu.allocate(16);
      add(gpu, x, y, () => [u32(now), u32(5)]);
      return [y];
    });
    gpu.write(x, new Uint32Array(4));
    now = 512;
    replay(gpu, program);
    expect(await firstOf(gpu, results[0] as Allocation)).toBe(512);
    program[Symbol.dispose]();
  });

  test('says how much each of its launches computes, and runs them with their constants', async () => {
    const { gpu, host } = await setUp();
    const x = gpu.allocate(16);
    const launch = { shader: ADD, constants: { N: 3 }, workgroups: [2, 1, 1] as const };
    const { program } = programOf(gpu, () => {
      const y = gpu.allocate(16);
      gpu.dispatch({ ...launch, bindings: [bindingOf(x), bindingOf(y)], flops: 77 });
      gpu.copy({ memory: x, offset: 0 }, { memory: y, offset: 0 }, 4);
      return [y];
    });
    expect(program.commands[0]).toMatchObject({ flops: 77, workgroups: [2, 1, 1] });
    replay(gpu, program);
    gpu.submit();
    expect(host.dispatches).toMatchObject([{ constants: { N: 3 }, workgroups: [2, 1, 1] }]);
  });

  test('keeps what the host wrote once', async () => {
    const { gpu } = await setUp();
    const { program, results } = programOf(gpu, () => {
      const first = gpu.allocate(16);
      const constant = gpu.allocate(16);
      const y = gpu.allocate(16);
      add(gpu, first, y);
      gpu.write(constant, Uint32Array.of(40, 0, 0, 0));
      add(gpu, constant, first, [u32(2)]);
      gpu.free(constant);
      gpu.free(y);
      return [first];
    });
    for (let i = 0; i < 2; i++) {
      replay(gpu, program);
      expect(await firstOf(gpu, results[0] as Allocation)).toBe(42);
    }
  });

  test('lays nothing over what the host wrote, even behind its last use', async () => {
    const { gpu } = await setUp();
    const { program, results } = programOf(gpu, () => {
      const [constant, sum, after] = [1, 2, 3].map(() => gpu.allocate(16)) as [
        Allocation,
        Allocation,
        Allocation,
      ];
      gpu.write(constant, Uint32Array.of(40, 0, 0, 0));
      add(gpu, constant, sum, [u32(2)]);
      add(gpu, sum, after);
      gpu.free(constant);
      gpu.free(after);
      return [sum];
    });
    for (let i = 0; i < 2; i++) {
      replay(gpu, program);
      expect(await firstOf(gpu, results[0] as Allocation)).toBe(42);
    }
  });

  test('counts a replay once as a change of what it writes', async () => {
    const { gpu } = await setUp();
    const x = gpu.allocate(16);
    const y = gpu.allocate(16);
    const { program } = programOf(gpu, () => {
      add(gpu, x, y);
      add(gpu, x, y);
      return [];
    });
    const before = [x.version, y.version] as const;
    program.begin();
    expect([x.version, y.version]).toEqual([before[0], before[1] + 1]);
  });

  test('of copies alone needs no memory', async () => {
    const { gpu, host } = await setUp();
    const x = gpu.allocate(16);
    const y = gpu.allocate(16);
    gpu.write(x, Uint32Array.of(6, 0, 0, 0));
    const made = host.buffers.length;
    const { program } = programOf(gpu, () => {
      gpu.copy({ memory: x, offset: 0 }, { memory: y, offset: 0 }, 4);
      return [];
    });
    expect([host.buffers.length, program.shaders.size, program.plan.bytes]).toEqual([made, 0, 0]);
    replay(gpu, program);
    expect(await firstOf(gpu, y)).toBe(6);
  });

  test('frees all that it has, after what was recorded has run', async () => {
    const { gpu, host } = await setUp();
    const x = gpu.allocate(16);
    gpu.write(x, Uint32Array.of(1, 0, 0, 0));
    const before = gpu.memory.ledger.liveBytes;
    const { program } = programOf(gpu, () => {
      const y = gpu.allocate(16);
      add(gpu, x, y, [u32(1)]);
      return [y];
    });
    expect(gpu.memory.ledger.liveBytes).toBe(before + 256);
    const live = host.liveBuffers.length;
    replay(gpu, program);
    program[Symbol.dispose]();
    expect(host.dispatches).toHaveLength(1);
    expect(gpu.memory.ledger.liveBytes).toBe(before);
    // The uniforms are destroyed, the arena goes back to the pool.
    expect(host.liveBuffers).toHaveLength(live - 1);
  });

  test('that cannot be made leaves nothing allocated', async () => {
    const { gpu } = await setUp();
    const x = gpu.allocate(16);
    gpu.recorder.pipelines.edit('test/add', { from: 'not there', to: '' });
    const before = gpu.memory.ledger.liveBytes;
    const step = () => {
      const y = gpu.allocate(16);
      add(gpu, x, y);
      return [y];
    };
    expect(() => programOf(gpu, step)).toThrow('occurs 0 times');
    expect(gpu.memory.ledger.liveBytes).toBe(before);
  });
});

describe('a program is refused', () => {
  test.each<[string, 'x' | 'y', number]>([
    ['reads', 'x', 32],
    ['writes', 'y', 48],
  ])('when memory from outside, which it %s, is gone', async (_, name, bytes) => {
    const { gpu } = await setUp();
    const outside = { x: gpu.allocate(32), y: gpu.allocate(48) };
    const { program } = programOf(gpu, () => {
      add(gpu, outside.x, outside.y);
      return [];
    });
    program.begin();
    gpu.free(outside[name]);
    const message = `a tensor of ${bytes} bytes that the captured step uses was freed`;
    expect(() => program.begin()).toThrow(message);
    gpu.free(outside.x);
    expect(() => program.begin()).toThrow('a tensor of 32 bytes');
  });

  test.each([
    ['test/add', (gpu: Gpu, own: Allocation, x: Allocation) => add(gpu, x, own)],
    [
      'a copy',
      (gpu: Gpu, own: Allocation, x: Allocation) =>
        gpu.copy({ memory: x, offset: 0 }, { memory: own, offset: 0 }, 4),
    ],
  ])('when %s changes what the host wrote', async (who, change) => {
    const { gpu } = await setUp();
    const x = gpu.allocate(16);
    const step = () => {
      const own = gpu.allocate(16);
      gpu.write(own, new Uint8Array(16));
      change(gpu, own, x);
      return [own];
    };
    expect(() => programOf(gpu, step)).toThrow(
      `${who} changes what the host wrote once in a captured step`,
    );
  });
});

describe('the memory of a step', () => {
  test('is shared by what is never in use together, and by nothing else', async () => {
    const { gpu } = await setUp();
    const x = gpu.allocate(16);
    const { memory } = programOf(gpu, () => {
      const [a, b, c, d] = [1, 2, 3, 4].map(() => gpu.allocate(16)) as [
        Allocation,
        Allocation,
        Allocation,
        Allocation,
      ];
      add(gpu, x, a);
      add(gpu, a, b);
      add(gpu, b, c);
      add(gpu, c, d);
      return [d];
    });
    // Read and written parts of one dispatch lie in different buffers.
    expect(memory.plan.slabs).toEqual([256, 256]);
    expect(memory.plan.places.map(({ slab }) => slab)).toEqual([0, 1, 0, 1]);
    expect(memory.blocks).toHaveLength(4);
  });

  test.each([
    [16, 512],
    [512, 16],
  ])('keeps %i bytes that are read out of the buffer of %i that are written', async (from, to) => {
    const { gpu } = await setUp();
    const x = gpu.allocate(16);
    const { memory } = programOf(gpu, () => {
      const a = gpu.allocate(from);
      const b = gpu.allocate(to);
      add(gpu, x, a);
      add(gpu, a, b);
      return [b];
    });
    expect(memory.plan.slabs).toEqual([512, 256]);
  });

  test('holds to the end what is kept, or was written by the host', async () => {
    const { gpu } = await setUp();
    const x = gpu.allocate(16);
    const { memory } = programOf(gpu, () => {
      const constant = gpu.allocate(16);
      const kept = gpu.allocate(16);
      const last = gpu.allocate(16);
      add(gpu, x, kept);
      add(gpu, x, last);
      gpu.write(constant, new Uint8Array(16));
      gpu.copy({ memory: constant, offset: 0 }, { memory: x, offset: 0 }, 4);
      return [kept, last];
    });
    expect([memory.plan.bytes, memory.plan.leastBytes]).toEqual([768, 768]);
  });

  test('is in buffers that are no larger than one may be', async () => {
    const { gpu } = await setUp();
    const x = gpu.allocate(16);
    const step = () => {
      const a = gpu.allocate(512);
      const b = gpu.allocate(512);
      add(gpu, x, a);
      add(gpu, x, b);
      return [a, b];
    };
    expect(programOf(gpu, step).memory.plan.slabs).toEqual([1024]);
    expect(programOf(gpu, step, 512).memory.plan.slabs).toEqual([512, 512]);
  });
});
