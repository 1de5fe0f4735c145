import { GradproofError } from '../../src/errors.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { OutOfMemoryError } from '../../src/gpu/memory.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { add } from '../../src/ops/math/add.ts';
import { hostTensor } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const memory = suite('errors.memory', {
  description: 'A device that has no room says so, everything is freed, and it goes on',
});

const MIB = 2 ** 20;
// GPUBufferUsage.STORAGE; the global is absent in Node.
const STORAGE = 0x80;

/** How memory was made to run out, and what was thrown. */
interface Exhaustion {
  readonly by: 'one-buffer' | 'budget';
  readonly requestedBytes: number;
  readonly liveBytes: number;
  readonly thrown: unknown;
}

/**
 * Allocates past the device while a tensor of 1 MiB is live: one buffer of the adapter's
 * maxBufferSize, or, where the driver grants that, twice what a budget allows.
 */
async function exhaust(gpu: Gpu): Promise<Exhaustion> {
  using scope = new Scope();
  scope.add(Tensor.empty(gpu, 'f32', [MIB / 4]));
  const { liveBytes } = gpu.memory.ledger;
  const requestedBytes = Math.floor((gpu.limits['maxBufferSize'] as number) / 4) * 4;
  const thrown = await gpu.memory.allocateWaiting(requestedBytes).then(
    (granted) => {
      gpu.memory.free(granted);
      gpu.memory.trim();
    },
    (error: unknown) => error,
  );
  if (thrown) return { by: 'one-buffer', requestedBytes, liveBytes, thrown };
  return { by: 'budget', liveBytes, ...beyondBudget(gpu, scope) };
}

/** Whether the device itself, asked without the allocator, refuses one buffer of maxBufferSize. */
async function isRefused({ device, limits }: Gpu): Promise<boolean> {
  device.pushErrorScope('out-of-memory');
  const size = limits['maxBufferSize'] as number;
  const buffer = device.createBuffer({ size, usage: STORAGE });
  const error = await device.popErrorScope();
  buffer.destroy();
  await device.queue.onSubmittedWorkDone();
  return error !== null;
}

/** Allocates two tensors of 32 MiB within a budget of 48 MiB. */
function beyondBudget(gpu: Gpu, scope: Scope): Pick<Exhaustion, 'requestedBytes' | 'thrown'> {
  const requestedBytes = 32 * MIB;
  const { budgetBytes } = gpu.memory;
  gpu.memory.budgetBytes = gpu.memory.ledger.liveBytes + 48 * MIB;
  try {
    scope.add(Tensor.empty(gpu, 'f32', [requestedBytes / 4]));
    scope.add(Tensor.empty(gpu, 'f32', [requestedBytes / 4]));
    return { requestedBytes, thrown: undefined };
  } catch (thrown) {
    return { requestedBytes, thrown };
  } finally {
    gpu.memory.budgetBytes = budgetBytes;
  }
}

function expectOutOfMemory(t: CaseContext, { thrown, by }: Exhaustion): OutOfMemoryError {
  t.metric('oneBuffer', Number(by === 'one-buffer'));
  t.metric('budget', Number(by === 'budget'));
  t.expect(
    thrown instanceof OutOfMemoryError && thrown.code === 'out-of-memory',
    () => `what is thrown is ${thrown}`,
  );
  return thrown as OutOfMemoryError;
}

memory
  .case('real-error')
  .tier('full')
  .covers(
    'triton.errors.out-of-memory/real-oom-error',
    'triton.errors.out-of-memory/oom-path-recorded',
    'tb.recovery.oom/oom-path-recorded',
  )
  .desc(
    'One buffer of maxBufferSize is refused by the device itself: an error scope catches a GPUOutOfMemoryError. Where the driver grants it, a budget refuses; which it was is a metric.',
  )
  .control('neither the device nor a budget is heard', (fault) => {
    fault.host('memory.refusal_of', () => () => undefined);
    fault.host('memory.exceeds', () => () => false);
  })
  .run(async (t) => {
    const refused = await isRefused(t.gpu);
    const found = await exhaust(t.gpu);
    const error = expectOutOfMemory(t, found);
    t.expect(
      !refused || found.by === 'one-buffer',
      () => 'the device refuses one buffer, and that is not heard',
    );
    // The code of a GPUOutOfMemoryError that an error scope caught.
    const caught = error.cause instanceof GradproofError ? error.cause.code : undefined;
    t.expect(
      caught === (found.by === 'one-buffer' ? 'out-of-memory' : undefined),
      () => `memory ran out by ${found.by}, and an error scope caught ${caught}`,
    );
  });

memory
  .case('bytes-told')
  .tier('full')
  .covers('triton.errors.out-of-memory/mapped-code')
  .desc('The error has the code out-of-memory, and the bytes that were requested and live.')
  .control('what the device says is not heard', (fault) => {
    fault.host('memory.refusal_of', () => () => undefined);
    fault.host('memory.exceeds', () => () => false);
  })
  .run(async (t) => {
    const found = await exhaust(t.gpu);
    const error = expectOutOfMemory(t, found);
    const live = found.liveBytes + (found.by === 'budget' ? found.requestedBytes : 0);
    t.expect(
      error.requestedBytes === found.requestedBytes && error.liveBytes === live,
      () => `of ${found.requestedBytes} bytes beside ${live} it is said: ${error.message}`,
    );
    t.expect(
      error.message.includes(`${found.requestedBytes} bytes were requested while ${live} are live`),
      () => `it is said: ${error.message}`,
    );
  });

memory
  .case('everything-freed')
  .tier('full')
  .covers('triton.errors.out-of-memory/ledger-baseline', 'tb.recovery.oom/ledger-baseline')
  .desc('After memory ran out the ledger is back where it was: live and allocated bytes, buffers.')
  .control('nothing is given back', (fault) => fault.host('memory.given_back', () => () => 0))
  .run(async (t) => {
    t.gpu.memory.trim();
    const before = t.gpu.memory.ledger;
    const found = await exhaust(t.gpu);
    t.gpu.memory.trim();
    const after = t.gpu.memory.ledger;
    for (const key of ['liveBytes', 'liveBuffers', 'allocatedBytes'] as const)
      t.expect(after[key] === before[key], () => `${key} are ${after[key]} of ${before[key]}`);
    expectOutOfMemory(t, found);
  });

memory
  .case('next-job')
  .tier('full')
  .covers('triton.errors.out-of-memory/next-job-succeeds')
  .desc('After memory ran out the same device adds 64 MiB of numbers to themselves, exactly.')
  .control('subtracted', (fault) => fault.shader('math/add', 'return a + b;', 'return a - b;'))
  .run(async (t) => {
    expectOutOfMemory(t, await exhaust(t.gpu));
    const count = (64 * MIB) / 4;
    const numbers = new Float32Array(count);
    for (let i = 0; i < count; i++) numbers[i] = i % 4096;
    using x = Tensor.from(t.gpu, hostTensor('f32', [count], numbers));
    using y = add.forward(t.gpu, { a: x, b: x }, {}).y;
    const { data } = await y.read();
    let right = 0;
    while (right < count && data[right] === 2 * (right % 4096)) right++;
    t.expect(right === count, () => `element ${right} is ${data[right]}`);
  });
