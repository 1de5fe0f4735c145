import { describe, expect, test } from 'vitest';
import type { HostDispatch } from './fixtures/host-commands.ts';
import { HostDevice } from './fixtures/host-device.ts';
import type { Allocation } from './memory.ts';
import { flopsOf, type Launch, Recorder } from './recorder.ts';
import { u32 } from './shader.ts';

const memory = { buffer: {} as GPUBuffer, offset: 0, bytes: 96 };

test('a launch that does not say how much it computes is reckoned by what it is given', () => {
  const bindings = [64, 32].map((size) => ({ memory, offset: 0, size }) as never);
  expect(flopsOf({ bindings })).toBe(1920);
  expect(flopsOf({ bindings, flops: 7 })).toBe(7);
  expect(flopsOf({ bindings: [] })).toBe(0);
});

/** x, the uniform struct n, y. */
const SHADER = {
  file: 'test/middle',
  code: `@binding(0) var<storage, read> x: array<u32>;
    @binding(1) var<uniform> n: N;
    @binding(2) var<storage, read_write> y: array<u32>;`,
};

const firstWord = ({ bytes }: HostDispatch['bindings'][number]) =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);

function setUp(flopsPerSubmit = 1e9) {
  /** The first words of what each dispatch was given. */
  const seen: number[][] = [];
  const host = new HostDevice({
    run: ({ bindings }) => void seen.push(bindings.map(firstWord)),
  });
  const device = host as unknown as GPUDevice;
  const recorder = new Recorder(device, flopsPerSubmit);
  const allocate = (size: number, offset = 0): Allocation => ({
    buffer: device.createBuffer({ size: offset + size, usage: 0x8c }),
    offset,
    bytes: size,
    version: 0,
    guardBytes: 0,
  });
  const write = ({ buffer, offset }: Allocation, at: number, word: number) =>
    device.queue.writeBuffer(buffer, offset + at, new Uint8Array(Uint32Array.of(word).buffer));
  const x = allocate(512, 256);
  const y = allocate(512, 512);
  for (const [i, word] of [10, 11].entries()) write(x, 256 * i, word);
  write(y, 0, 20);
  const launch = (n: number, more: Partial<Launch> = {}): Launch => ({
    shader: SHADER,
    bindings: [
      { memory: x, offset: 256, size: 16 },
      { memory: y, offset: 0, size: 32 },
    ],
    uniforms: [u32(n)],
    workgroups: [3, 2, 1],
    flops: 1,
    ...more,
  });
  host.asked.length = 0;
  return { host, recorder, seen, launch, allocate, write, x, y };
}

describe('a dispatch', () => {
  test('gives a kernel its tensors in order, and the uniform struct where it has it', () => {
    const { host, recorder, seen, launch } = setUp();
    recorder.dispatch(launch(5, { constants: { N: 2 } }));
    recorder.submit();
    expect(seen).toEqual([[11, 5, 20]]);
    const [{ bindings, workgroups, constants } = {} as HostDispatch] = host.dispatches;
    expect(workgroups).toEqual([3, 2, 1]);
    expect(constants).toEqual({ N: 2 });
    expect(bindings.map(({ offset, size }) => [offset, size])).toEqual([
      [512, 16],
      [0, 16],
      [512, 32],
    ]);
    expect([recorder.submits, recorder.dispatches]).toEqual([1, 1]);
    expect([...recorder.dispatched]).toEqual(['test/middle']);
  });

  test('has the struct last where the kernel does not say', () => {
    const { recorder, seen, launch } = setUp();
    recorder.dispatch(launch(5, { shader: { file: 'test/silent', code: '' } }));
    recorder.submit();
    expect(seen).toEqual([[11, 20, 5]]);
  });

  test('has none without numbers', () => {
    const { host, recorder, seen, launch } = setUp();
    const { uniforms: _, ...bare } = launch(5);
    recorder.dispatch(bare);
    recorder.dispatch({ ...bare, uniforms: [] });
    recorder.submit();
    expect(seen).toEqual([
      [11, 20],
      [11, 20],
    ]);
    expect(host.buffers.map(({ size }) => size)).toEqual([768, 1024]);
  });

  test('keeps its numbers whatever follows, in as few buffers as hold them', () => {
    const { host, recorder, seen, launch } = setUp();
    const before = host.buffers.length;
    const numbers = Array.from({ length: 256 }, (_, i) => 100 + i);
    for (const n of numbers) recorder.dispatch(launch(n));
    expect(host.buffers.length - before).toBe(1);
    recorder.dispatch(launch(7));
    expect(host.buffers.length - before).toBe(2);
    expect(host.buffers.at(-1)?.size).toBe(65_536);
    expect(host.buffers.at(-1)?.usage).toBe(0x40 + 0x08 + 0x04);
    const more = Array.from({ length: 255 }, (_, i) => 400 + i);
    for (const n of more) recorder.dispatch(launch(n));
    expect(host.buffers.length - before).toBe(2);
    recorder.submit();
    expect(seen.map(([, n]) => n)).toEqual([...numbers, 7, ...more]);
  });

  test('takes the buffers of what was submitted, and of what was discarded', () => {
    const { host, recorder, seen, launch } = setUp();
    recorder.dispatch(launch(1));
    recorder.submit();
    const made = host.buffers.length;
    recorder.dispatch(launch(2));
    recorder.discard();
    recorder.dispatch(launch(3));
    recorder.submit();
    expect(seen.map(([, n]) => n)).toEqual([1, 3]);
    expect(host.buffers).toHaveLength(made);
  });

  test('writes no more of the numbers than there are', () => {
    const { host, recorder, launch } = setUp();
    recorder.dispatch(launch(1));
    recorder.dispatch(launch(2));
    recorder.submit();
    const uniforms = host.buffers.at(-1);
    uniforms?.bytes.fill(9);
    recorder.dispatch(launch(3));
    recorder.submit();
    expect([0, 255, 256].map((at) => uniforms?.bytes[at])).toEqual([3, 0, 9]);
  });
});

test('behind what was discarded numbers begin anew', () => {
  const { host, recorder, launch } = setUp();
  recorder.dispatch(launch(1));
  const uniforms = host.buffers.at(-1);
  recorder.discard();
  uniforms?.bytes.fill(9);
  recorder.dispatch(launch(2));
  recorder.submit();
  expect([0, 256].map((at) => uniforms?.bytes[at])).toEqual([2, 9]);
});

describe('what the host writes', () => {
  const word = (n: number) => new Uint8Array(Uint32Array.of(n).buffer);

  test('goes along with what was recorded before, and is there for what comes after', () => {
    const { host, recorder, seen, launch, x } = setUp();
    const part = { ...x, offset: 512 };
    recorder.dispatch(launch(5));
    const held = new Uint8Array(16 * 1024 - 252);
    held[0] = 77;
    const spare = { buffer: host.createBuffer({ size: 32_768, usage: 0x8c }) as never, offset: 0 };
    recorder.write(spare, held);
    recorder.write(part, word(12));
    recorder.dispatch(launch(6));
    recorder.write(part, word(13));
    recorder.dispatch(launch(7));
    expect(host.asked).toEqual([]);
    held[0] = 78;
    recorder.submit();
    expect(seen).toEqual([
      [11, 5, 20],
      [12, 6, 20],
      [13, 7, 20],
    ]);
    expect((spare.buffer as { readonly bytes: Uint8Array }).bytes[0]).toBe(77);
    expect(recorder.submits).toBe(1);
  });

  test('is written at once where nothing was recorded', () => {
    const { host, recorder, seen, launch, x } = setUp();
    recorder.write({ ...x, offset: 512 }, word(12));
    expect(host.asked).toEqual(['write']);
    recorder.dispatch(launch(5));
    recorder.submit();
    expect(seen).toEqual([[12, 5, 20]]);
  });

  test.each([
    [16 * 1024, 0],
    [16 * 1024 + 4, 1],
  ])('of %i bytes takes %i submits of what was recorded before', (size, submits) => {
    const { host, recorder, launch } = setUp();
    const buffer = host.createBuffer({ size: 32_768, usage: 0x8c });
    recorder.dispatch(launch(5));
    recorder.write({ buffer: buffer as never, offset: 256 }, new Uint8Array(size).fill(3));
    expect(recorder.submits).toBe(submits);
    recorder.submit();
    expect([255, 256, 255 + size, 256 + size].map((at) => buffer.bytes[at])).toEqual([0, 3, 3, 0]);
  });

  test('takes another buffer where the last has no room, and its own place in it', () => {
    const { host, recorder, launch } = setUp();
    const buffer = host.createBuffer({ size: 131_072, usage: 0x8c });
    recorder.dispatch(launch(5));
    const before = host.buffers.length;
    for (let i = 0; i < 5; i++)
      recorder.write(
        { buffer: buffer as never, offset: 16_384 * i },
        new Uint8Array(16_384).fill(i + 1),
      );
    expect(host.buffers.length - before).toBe(1);
    recorder.submit();
    expect([0, 1, 2, 3, 4].map((i) => buffer.bytes[16_384 * (i + 1) - 1])).toEqual([1, 2, 3, 4, 5]);
  });

  test('is forgotten with what it was to follow', () => {
    const { recorder, seen, launch, x } = setUp();
    recorder.dispatch(launch(5));
    recorder.write({ ...x, offset: 512 }, word(12));
    recorder.discard();
    recorder.dispatch(launch(6));
    recorder.submit();
    expect(seen).toEqual([[11, 6, 20]]);
  });
});

describe('a submit', () => {
  test('of nothing is none', () => {
    const { host, recorder } = setUp();
    recorder.submit();
    expect([recorder.submits, recorder.dispatches, host.asked]).toEqual([0, 0, []]);
  });

  test('comes by itself once more was recorded than one may hold', () => {
    const { recorder, launch } = setUp(100);
    const submitsAfter = (flops: number) => {
      recorder.dispatch(launch(0, { flops }));
      return recorder.submits;
    };
    expect([60, 40, 1].map(submitsAfter)).toEqual([0, 0, 1]);
    expect([60, 40, 1].map(submitsAfter)).toEqual([1, 1, 2]);
    submitsAfter(99);
    recorder.discard();
    expect([60, 40, 1].map(submitsAfter)).toEqual([2, 2, 3]);
  });

  test('runs everything in order, copies between dispatches', () => {
    const { recorder, seen, launch, x, y } = setUp();
    recorder.dispatch(launch(1));
    recorder.copy({ memory: y, offset: 0 }, { memory: x, offset: 256 }, 4);
    recorder.dispatch(launch(2));
    recorder.submit();
    expect(seen).toEqual([
      [11, 1, 20],
      [20, 2, 20],
    ]);
  });
});

test('a copy begins where the memory lies, and the place in it', () => {
  const { host, recorder, allocate, write } = setUp();
  const from = allocate(64, 256);
  const to = allocate(64, 512);
  write(from, 8, 77);
  recorder.copy({ memory: from, offset: 8 }, { memory: to, offset: 12 }, 4);
  recorder.submit();
  const words = new Uint32Array(
    (host.buffers.at(-1) as { bytes: Uint8Array<ArrayBuffer> }).bytes.buffer,
  );
  expect([...words.entries()].filter(([, word]) => word !== 0)).toEqual([[131, 77]]);
});

test('what is discarded is neither run nor submitted', () => {
  const { host, recorder, seen, launch } = setUp();
  recorder.dispatch(launch(1));
  recorder.discard();
  recorder.submit();
  expect([seen, host.asked]).toEqual([[], []]);
});

describe('a replay', () => {
  const prepared = (host: HostDevice, { x, y }: ReturnType<typeof setUp>) => {
    const device = host as unknown as GPUDevice;
    const pipeline = { label: 'test/replayed', code: '', constants: {} } as never;
    const binding = (memory: Allocation) => ({ buffer: memory.buffer, offset: 512, size: 16 });
    const group = [binding(x), binding(y)] as never;
    const workgroups = [1, 1, 1] as const;
    const named = { kernel: 'test/replayed', bytes: 32, flops: 60 };
    const dispatch = { kind: 'dispatch', pipeline, group, workgroups, ...named } as const;
    const places = { from: { memory: y, offset: 0 }, to: { memory: x, offset: 256 } };
    const copy = { kind: 'copy', ...places, bytes: 4 } as const;
    return { device, commands: [dispatch, copy, dispatch] as const };
  };

  test('records all commands, and counts what they dispatch', () => {
    const set = setUp(100);
    const { host, recorder, seen, launch } = set;
    const { commands } = prepared(host, set);
    recorder.dispatch(launch(1));
    const shaders = new Set(['a', 'b'].map((file) => ({ file, code: '' })));
    recorder.replay({ commands, shaders, news: () => [] });
    // 60 operations of the first, 60 of the second: more than 100.
    expect([recorder.submits, recorder.dispatches]).toEqual([1, 3]);
    expect(host.asked.filter((one) => one === 'submit')).toHaveLength(1);
    expect(seen).toEqual([
      [11, 1, 20],
      [11, 20],
      [20, 20],
    ]);
    expect([...recorder.dispatched]).toEqual(['test/middle', 'a', 'b']);
  });

  test('writes what is new after what was recorded before has run', () => {
    const set = setUp();
    const { host, recorder, seen, launch, y } = set;
    const { commands } = prepared(host, set);
    recorder.dispatch(launch(1));
    const bytes = new Uint8Array(Uint32Array.of(33).buffer);
    const news = () => [{ buffer: y.buffer, offset: 512, bytes }];
    recorder.replay({ commands, shaders: new Set(), news });
    recorder.submit();
    expect(seen).toEqual([
      [11, 1, 20],
      [11, 33],
      [33, 33],
    ]);
    expect(recorder.submits).toBe(2);
  });
});
