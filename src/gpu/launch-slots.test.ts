import { beforeEach, describe, expect, test } from 'vitest';
import type { HostBinding } from './fixtures/host-commands.ts';
import { HostDevice } from './fixtures/host-device.ts';
import { LaunchSlots } from './launch-slots.ts';
import type { Allocation } from './memory.ts';
import { f32, u32 } from './shader.ts';

/** x, the uniform struct, y. */
const SHADER = {
  file: 'test/middle',
  code: `@binding(0) var<storage, read> x: array<u32>;
    @binding(1) var<uniform> n: N;
    @binding(2) var<storage, read_write> y: array<u32>;`,
};
/** As many structs as a buffer of 64 KiB holds. */
const SLOTS = 256;

let host: HostDevice;
let slots: LaunchSlots;
let x: Allocation;
let y: Allocation;

beforeEach(() => {
  host = new HostDevice();
  slots = new LaunchSlots(host as unknown as GPUDevice);
  x = allocate(0);
  y = allocate(512);
});

function allocate(offset: number): Allocation {
  const buffer = host.createBuffer({ size: 2048, usage: 0x8c }) as unknown as GPUBuffer;
  return { buffer, offset, bytes: 1024, version: 0, guardBytes: 0 };
}

function pipelineOf(label: string): GPUComputePipeline {
  const module = { label, code: SHADER.code } as unknown as GPUShaderModule;
  return host.createComputePipeline({
    label,
    layout: 'auto',
    compute: { module, entryPoint: 'main' },
  }) as unknown as GPUComputePipeline;
}

const launch = () => ({
  shader: SHADER,
  uniforms: [u32(7)],
  bindings: [
    { memory: x, offset: 256, size: 16 },
    { memory: y, offset: 0, size: 32 },
  ],
});

const bound = (group: GPUBindGroup) => group as unknown as readonly HostBinding[];

describe('a launch in the slot of one that bound the same', () => {
  test('gets its bind group, with its own numbers', () => {
    const pipeline = pipelineOf('a');
    const first = slots.bind(pipeline, launch());
    slots.flush();
    expect(slots.bind(pipeline, { ...launch(), uniforms: [u32(8)] })).toBe(first);
    expect(host.groups).toBe(1);
    const [, struct] = bound(first);
    slots.flush();
    expect([struct?.offset, struct?.buffer.bytes[0]]).toEqual([0, 8]);
  });

  test('gets another in the next slot', () => {
    const pipeline = pipelineOf('a');
    const groups = [slots.bind(pipeline, launch()), slots.bind(pipeline, launch())];
    expect(groups.map((group) => bound(group)[1]?.offset)).toEqual([0, 256]);
    slots.clear();
    expect([slots.bind(pipeline, launch()), slots.bind(pipeline, launch())]).toEqual(groups);
    expect(host.groups).toBe(2);
  });

  test('gets it after the slots of more than one buffer, too', () => {
    const pipeline = pipelineOf('a');
    const all = () => Array.from({ length: 2 * SLOTS + 1 }, () => slots.bind(pipeline, launch()));
    const groups = all();
    const buffers = host.buffers.length;
    for (const end of [() => slots.flush(), () => slots.clear()]) {
      end();
      expect(all().every((group, i) => group === groups[i])).toBe(true);
    }
    expect([host.groups, host.buffers.length]).toEqual([2 * SLOTS + 1, buffers]);
  });
});

describe('a launch gets another bind group than the last one in its slot', () => {
  type Parts = Pick<ReturnType<typeof launch>, 'bindings'>;
  test.each<[string, (parts: Parts) => object, string?]>([
    ['with another pipeline', () => ({}), 'b'],
    ['with other memory', ({ bindings: [a, b] }) => ({ bindings: [{ ...a, memory: y }, b] })],
    [
      'with other memory to write',
      ({ bindings: [a, b] }) => ({ bindings: [a, { ...b, memory: x }] }),
    ],
    [
      'with another part of it',
      ({ bindings: [a, b] }) => ({ bindings: [{ ...a, offset: 512 }, b] }),
    ],
    ['with more of it', ({ bindings: [a, b] }) => ({ bindings: [a, { ...b, size: 48 }] })],
    ['with fewer bindings', ({ bindings: [a] }) => ({ bindings: [a] })],
    ['with a longer struct', () => ({ uniforms: [1, 2, 3, 4, 5].map(f32) })],
  ])('%s', (_, change, label) => {
    const pipeline = pipelineOf('a');
    const before = slots.bind(pipeline, launch());
    slots.flush();
    const changed = { ...launch(), ...change(launch()) };
    const after = slots.bind(label ? pipelineOf(label) : pipeline, changed);
    expect(after).not.toBe(before);
    expect(bound(after).map(({ size }) => size)).toEqual(
      changed.bindings
        .map(({ size }) => size)
        .toSpliced(1, 0, 4 * 4 * Math.ceil(changed.uniforms.length / 4)),
    );
    const parts = changed.bindings.map(({ memory, offset }) => [
      memory.buffer,
      memory.offset + offset,
    ]);
    expect(
      bound(after)
        .toSpliced(1, 1)
        .map(({ buffer, offset }) => [buffer, offset]),
    ).toEqual(parts);
  });

  test('and the first is not kept beside it', () => {
    const a = pipelineOf('a');
    const b = pipelineOf('b');
    for (const pipeline of [a, b, a]) {
      slots.bind(pipeline, launch());
      slots.flush();
    }
    expect(host.groups).toBe(3);
  });
});

test('a launch without numbers takes no slot', () => {
  const pipeline = pipelineOf('a');
  const { uniforms: _, ...bare } = launch();
  for (const uniforms of [[], () => []]) slots.bind(pipeline, { ...bare, uniforms });
  slots.bind(pipeline, bare);
  expect(bound(slots.bind(pipeline, launch()))[1]?.offset).toBe(0);
});

test('the layout of a bind group is asked of a pipeline once', () => {
  const pipeline = pipelineOf('a');
  let asked = 0;
  const layoutOf = pipeline.getBindGroupLayout;
  pipeline.getBindGroupLayout = (index) => {
    asked += 1;
    return layoutOf(index);
  };
  for (let i = 0; i < 3; i++) slots.bind(pipeline, launch());
  expect([asked, host.groups]).toEqual([1, 3]);
});
