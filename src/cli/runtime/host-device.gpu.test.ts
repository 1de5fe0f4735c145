import { afterAll, beforeAll, expect, test } from 'vitest';
import { USAGE } from '../../gpu/fixtures/host-buffer.ts';
import { HostDevice } from '../../gpu/fixtures/host-device.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/**
 * The device in host memory that tests of the engine run on, beside Dawn: what one of them refuses
 * the other does, and bytes that were written, copied and read back are the same.
 */

let gpu: Gpu;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const { mapRead, copySrc, copyDst, uniform, storage } = USAGE;
const KERNEL =
  '@group(0) @binding(0) var<storage, read_write> v: array<u32>; @compute @workgroup_size(1) fn main() { v[0] = 1u; }';

/** What is asked of a device, and the bytes that it answers with, if any. */
type Request = (device: GPUDevice) => Promise<Uint8Array | undefined> | undefined;

const made = (device: GPUDevice, usage: number, size = 512) => device.createBuffer({ size, usage });

function destroyed(device: GPUDevice, usage: number): GPUBuffer {
  const buffer = made(device, usage);
  buffer.destroy();
  return buffer;
}

function write(buffer: (device: GPUDevice) => GPUBuffer, offset: number, bytes: number): Request {
  return (device) => {
    device.queue.writeBuffer(buffer(device), offset, new Uint8Array(bytes));
    return undefined;
  };
}

function copy(
  buffers: (device: GPUDevice) => readonly [from: GPUBuffer, to: GPUBuffer],
  [from, to, size]: readonly [from: number, to: number, size: number],
): Request {
  return (device) => {
    const encoder = device.createCommandEncoder();
    const [source, target] = buffers(device);
    encoder.copyBufferToBuffer(source, from, target, to, size);
    device.queue.submit([encoder.finish()]);
    return undefined;
  };
}

function pipelineOf(device: GPUDevice): GPUComputePipeline {
  const module = device.createShaderModule({ label: 'one', code: KERNEL });
  return device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
}

function bind(
  buffer: (device: GPUDevice) => GPUBuffer,
  range: { readonly offset: number; readonly size: number },
): Request {
  return (device) => {
    device.createBindGroup({
      layout: pipelineOf(device).getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: buffer(device), ...range } }],
    });
    return undefined;
  };
}

/** A pass whose parts come in the order of `steps`. */
function pass(
  ...steps: readonly ('pipeline' | 'bindings' | 'dispatch' | 'wide' | 'end')[]
): Request {
  return (device) => {
    const pipeline = pipelineOf(device);
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: made(device, storage), offset: 0, size: 512 } }],
    });
    const encoder = device.createCommandEncoder();
    const open = encoder.beginComputePass();
    const run = {
      pipeline: () => open.setPipeline(pipeline),
      bindings: () => open.setBindGroup(0, group),
      dispatch: () => open.dispatchWorkgroups(1),
      wide: () => open.dispatchWorkgroups(65_536),
      end: () => open.end(),
    } as const;
    for (const step of steps) run[step]();
    device.queue.submit([encoder.finish()]);
    return undefined;
  };
}

async function readBack(buffer: GPUBuffer): Promise<Uint8Array> {
  await buffer.mapAsync(mapRead);
  const bytes = new Uint8Array(buffer.getMappedRange()).slice();
  buffer.unmap();
  return bytes;
}

const REQUESTS: Readonly<Record<string, Request>> = {
  'a buffer that is mapped and bound': (device) => void made(device, mapRead | storage),
  'a buffer of an unknown use': (device) => void made(device, 0x8000),
  'a mapped buffer of words': (device) =>
    void device.createBuffer({ size: 8, usage: copyDst, mappedAtCreation: true }),
  'a mapped buffer of no words': (device) =>
    void device.createBuffer({ size: 6, usage: copyDst, mappedAtCreation: true }),
  'a write': write((device) => made(device, copyDst), 8, 16),
  'a write to what takes none': write((device) => made(device, storage), 0, 16),
  'a write of part of a word': write((device) => made(device, copyDst), 0, 6),
  'a write between words': write((device) => made(device, copyDst), 2, 4),
  'a write up to the end': write((device) => made(device, copyDst), 508, 4),
  'a write beyond the end': write((device) => made(device, copyDst), 512, 4),
  'a write to what was destroyed': write((device) => destroyed(device, copyDst), 0, 4),
  'a write to what is mapped': write(
    (device) => device.createBuffer({ size: 8, usage: copyDst, mappedAtCreation: true }),
    0,
    4,
  ),
  'a copy': copy((device) => [made(device, copySrc), made(device, copyDst)], [4, 8, 16]),
  'a copy from what gives none': copy(
    (device) => [made(device, storage), made(device, copyDst)],
    [0, 0, 16],
  ),
  'a copy to what takes none': copy(
    (device) => [made(device, copySrc), made(device, storage)],
    [0, 0, 16],
  ),
  'a copy of part of a word': copy(
    (device) => [made(device, copySrc), made(device, copyDst)],
    [0, 0, 6],
  ),
  'a copy beyond the end': copy(
    (device) => [made(device, copySrc), made(device, copyDst)],
    [0, 500, 16],
  ),
  'a copy from what was destroyed': copy(
    (device) => [destroyed(device, copySrc), made(device, copyDst)],
    [0, 0, 16],
  ),
  'a copy onto itself': copy(
    (device) => {
      const buffer = made(device, copySrc | copyDst);
      return [buffer, buffer];
    },
    [0, 0, 16],
  ),
  'a binding': bind((device) => made(device, storage), { offset: 256, size: 256 }),
  'a binding at half of 256': bind((device) => made(device, storage), { offset: 128, size: 256 }),
  'a binding beyond the end': bind((device) => made(device, storage), { offset: 256, size: 512 }),
  'a binding of no bytes': bind((device) => made(device, storage), { offset: 0, size: 0 }),
  'a binding of what is for copies': bind((device) => made(device, copyDst), {
    offset: 0,
    size: 512,
  }),
  'a uniform where storage is read': bind((device) => made(device, uniform | storage), {
    offset: 0,
    size: 512,
  }),
  'an entry point that is not there': (device) => {
    const module = device.createShaderModule({ label: 'one', code: KERNEL });
    device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'other' } });
    return undefined;
  },
  'a pass': pass('pipeline', 'bindings', 'dispatch', 'end'),
  'a pass that is left open': pass('pipeline', 'bindings', 'dispatch'),
  'a pass that ends twice': pass('pipeline', 'bindings', 'dispatch', 'end', 'end'),
  'a dispatch after the end': pass('pipeline', 'bindings', 'end', 'dispatch'),
  'a dispatch of no pipeline': pass('bindings', 'dispatch', 'end'),
  'a dispatch of no bindings': pass('pipeline', 'dispatch', 'end'),
  'a grid that is too wide': pass('pipeline', 'bindings', 'wide', 'end'),
  'commands that end twice': (device) => {
    const encoder = device.createCommandEncoder();
    encoder.finish();
    encoder.finish();
    return undefined;
  },
  'a mapping of what is not for it': async (device) => readBack(made(device, copyDst)),
  'a mapping of what was destroyed': async (device) =>
    readBack(destroyed(device, mapRead | copyDst)),
  'a read of what is not mapped': (device) => {
    made(device, mapRead | copyDst).getMappedRange();
    return undefined;
  },
  'the end of a scope that was not opened': async (device) => {
    // Those of the test itself.
    await device.popErrorScope();
    await device.popErrorScope();
    return undefined;
  },
  'bytes that were written, copied and read': async (device) => {
    const from = made(device, copySrc | copyDst, 16);
    const to = made(device, mapRead | copyDst, 16);
    device.queue.writeBuffer(from, 4, Uint8Array.of(9, 1, 2, 3, 4, 5, 6, 7, 8), 1, 8);
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(from, 4, to, 8, 4);
    device.queue.submit([encoder.finish()]);
    return readBack(to);
  },
};

/** Bytes that came back, or `refused`: thrown, or told by an error scope. */
async function answerOf(device: GPUDevice, request: Request): Promise<readonly number[] | string> {
  device.pushErrorScope('validation');
  let answer: readonly number[] | string = 'done';
  try {
    const bytes = await request(device);
    if (bytes) answer = [...bytes];
  } catch {
    answer = 'refused';
  }
  const error = await device.popErrorScope().catch(() => null);
  return error ? 'refused' : answer;
}

test.each(Object.entries(REQUESTS))('%s', async (_, request) => {
  const host = new HostDevice() as unknown as GPUDevice;
  expect(await answerOf(host, request)).toEqual(await answerOf(gpu.device, request));
});
