import { describe, expect, test } from 'vitest';
import { writtenDirectly } from './direct-writes.ts';
import type { HostDispatch } from './fixtures/host-commands.ts';
import { hostGpu } from './fixtures/host-gpu.ts';
import type { Gpu } from './gpu.ts';
import type { Allocation } from './memory.ts';
import { Program, planProgram } from './program.ts';
import { u32 } from './shader.ts';

/** y = x + n. */
const ADD = {
  file: 'test/add',
  code: `@binding(0) var<storage, read> x: array<u32>;
    @binding(1) var<storage, read_write> y: array<u32>;
    @binding(2) var<uniform> n: N;`,
};
/** Two results of one kernel: x and x. */
const TWICE = {
  file: 'test/twice',
  code: `@binding(0) var<storage, read> x: array<u32>;
    @binding(1) var<storage, read_write> y: array<u32>;
    @binding(2) var<storage, read_write> z: array<u32>;`,
};

const wordsOf = ({ bytes, offset, size }: HostDispatch['bindings'][number]) =>
  new Uint32Array(bytes.buffer, offset, size / 4);

function run({ label, bindings: [x, y, last] }: HostDispatch): void {
  if (!x || !y || !last) throw new Error('something is not bound');
  const n = label === 'test/add' ? (wordsOf(last)[0] as number) : 0;
  for (const target of label === 'test/add' ? [y] : [y, last])
    wordsOf(target).set(
      wordsOf(x)
        .subarray(0, 4)
        .map((word) => word + n),
    );
}

/** Which part of y is bound. */
interface Place {
  readonly offset: number;
  readonly size: number;
}

/** What a step is made of: memory that is there before, and what it may ask for. */
interface Step {
  readonly gpu: Gpu;
  /** 1, 2, 3, 4. */
  readonly x: Allocation;
  /** 1024 bytes of zeros. */
  readonly target: Allocation;
  readonly add: (x: Allocation, y: Allocation, n: number, how?: Partial<Place>) => void;
  readonly make: (bytes?: number) => Allocation;
  readonly copy: (from: Allocation, offset?: number, bytes?: number, start?: number) => void;
}

/** Runs a step as it is and with results written directly, and tells what is left of copies. */
async function tried(step: (parts: Step) => readonly Allocation[] | undefined) {
  const left: (readonly number[])[] = [];
  let copies = 0;
  for (const isDirect of [false, true]) {
    const { gpu } = await hostGpu({ run });
    const x = gpu.allocate(16);
    const target = gpu.allocate(1024);
    gpu.write(x, Uint32Array.of(1, 2, 3, 4));
    gpu.write(target, new Uint32Array(256));
    const bind = (memory: Allocation, how: Partial<Place> = {}) => {
      return { memory, offset: 0, size: 16, ...how };
    };
    const { trace, result } = gpu.trace(() => {
      const parts: Step = {
        ...{ gpu, x, target },
        make: (bytes = 16) => gpu.allocate(bytes),
        add: (from, to, n, how) =>
          gpu.dispatch({
            shader: ADD,
            bindings: [bind(from), bind(to, how)],
            uniforms: [u32(n)],
            workgroups: [1, 1, 1],
          }),
        copy: (from, offset = 0, bytes = from.bytes, start = 0) =>
          gpu.copy({ memory: from, offset: start }, { memory: target, offset }, bytes),
      };
      return step(parts) ?? [];
    });
    const kept = new Set(result);
    const commands = isDirect ? writtenDirectly(trace.commands, kept) : trace.commands;
    copies = commands.filter(({ kind }) => kind === 'copy').length;
    using program = new Program(gpu, commands, planProgram(commands, kept, 2 ** 20));
    program.begin();
    gpu.recorder.replay(program);
    const bytes = await gpu.read({ memory: target, offset: 0 }, 1024);
    const others = await Promise.all(result.map((memory) => gpu.read({ memory, offset: 0 }, 16)));
    left.push([bytes, ...others].flatMap((one) => [...new Uint32Array(one)]));
  }
  const [before, after] = left;
  expect(after, 'the same is left').toEqual(before);
  return { copies, left: after?.slice(0, 4) };
}

describe('a result that is copied to memory from outside', () => {
  test('is written there, without the copy', async () => {
    const { copies, left } = await tried(({ x, make, add, copy }) => {
      const a = make();
      add(x, a, 10);
      copy(a);
    });
    expect({ copies, left }).toEqual({ copies: 0, left: [11, 12, 13, 14] });
  });

  test('beside others is written to its own part', async () => {
    const { copies } = await tried(({ x, make, add, copy }) => {
      const a = make();
      const b = make();
      add(x, a, 10);
      add(x, b, 20);
      copy(b, 512);
      copy(a, 256);
    });
    expect(copies).toBe(0);
  });

  test.each<[string, copies: number, (parts: Step) => readonly Allocation[] | undefined]>([
    [
      'is an output of the step',
      1,
      ({ x, make, add, copy }) => {
        const a = make();
        add(x, a, 10);
        copy(a);
        return [a];
      },
    ],
    [
      'is read by another kernel',
      1,
      ({ x, make, add, copy }) => {
        const a = make();
        const b = make();
        add(x, a, 10);
        add(a, b, 1);
        copy(a);
        return [b];
      },
    ],
    [
      'is written twice',
      1,
      ({ x, make, add, copy }) => {
        const a = make();
        add(x, a, 10);
        add(x, a, 20);
        copy(a);
      },
    ],
    [
      'is copied twice',
      2,
      ({ x, make, add, copy }) => {
        const a = make();
        add(x, a, 10);
        copy(a);
        copy(a, 256);
      },
    ],
    [
      'is bound from its middle on',
      1,
      ({ x, make, add, copy }) => {
        const a = make(512);
        add(x, a, 10, { offset: 256 });
        copy(a, 0, 512);
      },
    ],
    [
      'is copied in part',
      1,
      ({ x, make, add, copy }) => {
        const a = make();
        add(x, a, 10);
        copy(a, 0, 8);
      },
    ],
    [
      'is copied from its middle on',
      1,
      ({ x, make, add, copy }) => {
        const a = make(512);
        add(x, a, 10, { offset: 256 });
        copy(a, 0, 16, 256);
      },
    ],
    [
      'goes where nothing can be bound',
      1,
      ({ x, make, add, copy }) => {
        const a = make();
        add(x, a, 10);
        copy(a, 16);
      },
    ],
    [
      'is a part of what its kernel was given',
      1,
      ({ x, make, add, copy }) => {
        const a = make();
        add(x, a, 10, { size: 32 });
        copy(a);
      },
    ],
    [
      'is of the host',
      1,
      ({ gpu, make, copy }) => {
        const a = make();
        gpu.write(a, Uint32Array.of(5, 6, 7, 8));
        copy(a);
      },
    ],
    [
      'goes where another kernel reads before',
      1,
      ({ x, target, make, add, copy }) => {
        const a = make();
        const b = make();
        add(x, a, 10);
        add(target, b, 3);
        copy(a);
        return [b];
      },
    ],
    [
      'goes where another kernel writes before',
      1,
      ({ x, target, make, add, copy }) => {
        const a = make();
        add(x, a, 10);
        add(x, target, 3);
        copy(a);
      },
    ],
    [
      'is made of what is there',
      1,
      ({ target, make, add, copy }) => {
        const a = make();
        add(target, a, 10);
        copy(a);
      },
    ],
    [
      'stands beside another result of its kernel that goes there, too',
      1,
      ({ gpu, x, make, copy }) => {
        const a = make();
        const b = make();
        const bindings = [x, a, b].map((memory) => ({ memory, offset: 0, size: 16 }));
        gpu.dispatch({ shader: TWICE, bindings, workgroups: [1, 1, 1] });
        copy(a);
        copy(b, 256);
      },
    ],
    [
      'is copied to what the step allocates',
      1,
      ({ gpu, x, make, add }) => {
        const a = make();
        const b = make();
        add(x, a, 10);
        gpu.copy({ memory: a, offset: 0 }, { memory: b, offset: 0 }, 16);
        return [b];
      },
    ],
    [
      'was copied there itself',
      2,
      ({ gpu, x, make, copy }) => {
        const a = make();
        gpu.copy({ memory: x, offset: 0 }, { memory: a, offset: 0 }, 16);
        copy(a);
      },
    ],
  ])('is copied where it %s', async (_, copies, step) => {
    expect((await tried(step)).copies).toBe(copies);
  });

  test('goes past a use of another part', async () => {
    const { copies } = await tried(({ x, target, make, add, copy }) => {
      const a = make();
      const b = make();
      add(x, a, 10);
      add(target, b, 3);
      copy(a, 256);
      return [b];
    });
    expect(copies).toBe(0);
  });
});
