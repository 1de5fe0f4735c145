import { CapturedStep, planStep } from '../../autograd/capture.ts';
import {
  expectedLookUp,
  expectedValue,
  lookUpBytes,
  lookUps,
  lookUpsOf,
  storedLookUpBytes,
  storedLookUps,
  storedLookUpsOf,
  wholeCodes,
} from '../../gpu/ceilings/look-ups.ts';
import {
  expectedSum,
  type MultiplyAdds,
  multiplyAdds,
  sumBytes,
} from '../../gpu/ceilings/multiply-adds.ts';
import {
  expectedElement,
  moveStreams,
  streamBytes,
  streamsOf,
} from '../../gpu/ceilings/streams.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Allocation } from '../../gpu/memory.ts';
import type { Launch } from '../../gpu/recorder.ts';
import { Scope } from '../../gpu/scope.ts';
import { AssertionError } from '../../testing/context.ts';
import type { PreparedWork } from '../contender.ts';

/** Elements of a result that are looked at: spread over all of it, the last among them. */
const LOOKED_AT = 4096;

/** Chains of multiply-adds. */
export async function prepareMultiplyAdds(gpu: Gpu, work: MultiplyAdds): Promise<PreparedWork> {
  using scope = new Scope();
  const sums = allocated(gpu, scope, sumBytes(work));
  return await prepared(gpu, scope, () => gpu.dispatch(multiplyAdds(work, sums)), {
    output: sums,
    expected: (i) => expectedSum(work, i),
  });
}

/** Looks up at least so many codes of 4 bits. */
export async function prepareLookUps(gpu: Gpu, codes: number): Promise<PreparedWork> {
  const invocations = lookUpsOf(codes);
  const bytes = lookUpBytes(invocations);
  return await preparedOfCodes(gpu, [bytes.codes, bytes.sums], {
    launch: (packed, sums) => lookUps(invocations, packed, sums),
    expected: (given, i) => expectedLookUp(invocations, given, i),
  });
}

/** Looks up and stores at least so many codes of 4 bits. */
export async function prepareStoredLookUps(gpu: Gpu, codes: number): Promise<PreparedWork> {
  const invocations = storedLookUpsOf(codes);
  const bytes = storedLookUpBytes(invocations);
  return await preparedOfCodes(gpu, [bytes.codes, bytes.values], {
    launch: (packed, values) => storedLookUps(invocations, packed, values),
    expected: expectedValue,
  });
}

/** What is launched on codes, and what it leaves of them. */
interface OfCodes {
  readonly launch: (codes: Allocation, output: Allocation) => Launch;
  readonly expected: (codes: Uint32Array, index: number) => number;
}

async function preparedOfCodes(
  gpu: Gpu,
  [codes, written]: readonly [codes: number, written: number],
  { launch, expected }: OfCodes,
): Promise<PreparedWork> {
  using scope = new Scope();
  const given = wholeCodes(codes);
  const packed = allocated(gpu, scope, codes);
  const output = allocated(gpu, scope, written);
  gpu.write(packed, given);
  return await prepared(gpu, scope, () => gpu.dispatch(launch(packed, output)), {
    output,
    expected: (i) => expected(given, i),
  });
}

/** How streams are moved. */
export interface StreamsWay {
  /** vec4s of the longer one that an invocation handles. */
  readonly each: number;
  /**
   * Whether what is written lies over what is read, which must not be less. Again and again its
   * numbers grow, which takes no longer. Default false.
   */
  readonly isInPlace?: boolean;
}

/** Moves streams of at least so many bytes. */
export async function prepareStreams(
  gpu: Gpu,
  bytes: { readonly read: number; readonly written: number },
  { each, isInPlace = false }: StreamsWay,
): Promise<PreparedWork> {
  const streams = streamsOf(bytes, each);
  const { read, written } = streamBytes(streams);
  using scope = new Scope();
  const x = allocated(gpu, scope, read);
  const y = isInPlace ? x : allocated(gpu, scope, written);
  const given = Float32Array.from({ length: read / 4 }, (_, i) => i % 251);
  gpu.write(x, given);
  return await prepared(gpu, scope, () => gpu.dispatch(moveStreams(streams, x, y)), {
    output: y,
    expected: (i) => (i < written / 4 ? expectedElement(streams, given, i) : (given[i] as number)),
  });
}

/** Copies a buffer. */
export async function prepareBufferCopy(gpu: Gpu, bytes: number): Promise<PreparedWork> {
  using scope = new Scope();
  const x = allocated(gpu, scope, bytes);
  const y = allocated(gpu, scope, bytes);
  const given = Float32Array.from({ length: bytes / 4 }, (_, i) => i % 251);
  gpu.write(x, given);
  const copy = () => gpu.copy({ memory: x, offset: 0 }, { memory: y, offset: 0 }, bytes);
  return await prepared(gpu, scope, copy, { output: y, expected: (i) => given[i] as number });
}

/** What a ceiling leaves. */
interface Left {
  readonly output: Allocation;
  readonly expected: (index: number) => number;
}

async function prepared(
  gpu: Gpu,
  scope: Scope,
  record: () => void,
  { output, expected }: Left,
): Promise<PreparedWork> {
  const traced = () => {
    record();
    return {};
  };
  const step = scope.add(new CapturedStep(gpu, await planStep(gpu, traced)));
  const owned = scope.move();
  const run = async (times: number) => {
    for (let i = 0; i < times; i++) step.run();
    await gpu.finish();
  };
  return {
    run,
    check: async () => {
      gpu.recorder.dispatched.clear();
      await run(1);
      const bytes = await gpu.read({ memory: output, offset: 0 }, output.bytes);
      return compare(new Float32Array(bytes), expected);
    },
    results: () => Promise.reject(new TypeError('a ceiling is checked by itself')),
    kernels: () => [...gpu.recorder.dispatched].sort(),
    [Symbol.asyncDispose]: async () => {
      owned[Symbol.dispose]();
      await gpu.finish();
      gpu.memory.trim();
    },
  };
}

/** Compares elements that are spread over all, and returns how many. Throws AssertionError. */
function compare(actual: Float32Array, expected: (index: number) => number): number {
  // A prime, so that no stride of a kernel hides behind it.
  const stride = actual.length <= LOOKED_AT ? 1 : Math.floor(actual.length / LOOKED_AT) | 1;
  let compared = 0;
  for (let i = actual.length - 1; i >= 0; i -= stride) {
    const is = actual[i] as number;
    const should = expected(i);
    if (is !== should) {
      const at = { index: [i], actual: is, expected: should };
      throw new AssertionError('not-equal', `element ${i} is ${is} and should be ${should}`, at);
    }
    compared++;
  }
  return compared;
}

function allocated(gpu: Gpu, scope: Scope, bytes: number): Allocation {
  const memory = gpu.allocate(bytes);
  scope.add({ [Symbol.dispose]: () => gpu.free(memory) });
  return memory;
}
