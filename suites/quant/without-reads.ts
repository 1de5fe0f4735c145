import type { CaseContext } from '../../src/testing/context.ts';

/** Runs `step`, in which a read throws; what it submits, and that it waits for nothing, is counted. */
export function withoutReads<T>(
  t: CaseContext,
  words: string,
  step: () => T,
): { readonly result: T; readonly submits: number } {
  const { gpu } = t;
  const { onRead, waits } = gpu;
  gpu.submit();
  const before = gpu.recorder.submits;
  gpu.onRead = () => t.expect(false, () => `${words} reads back`);
  try {
    const result = step();
    gpu.submit();
    t.expect(gpu.waits === waits, () => `${words} waits ${gpu.waits - waits} times`);
    return { result, submits: gpu.recorder.submits - before };
  } finally {
    gpu.onRead = onRead;
  }
}
