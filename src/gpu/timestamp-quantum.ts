import { STAGING, USAGE } from './usage.ts';

/**
 * Submits whose one pass is stamped: enough spans that their greatest common divisor is the step of
 * the clock.
 */
const STAMPED_PASSES = 12;

/**
 * Step of the adapter's timestamp queries in nanoseconds: the greatest common divisor of the spans
 * between a few stamps (browsers round them, Chrome to 65,536 ns). Null when the device has no
 * timestamp queries or they stand still.
 */
export async function timestampQuantumNs(device: GPUDevice): Promise<number | null> {
  if (!device.features.has('timestamp-query')) return null;
  const count = 2 * STAMPED_PASSES;
  const querySet = device.createQuerySet({ type: 'timestamp', count });
  const bytes = count * 8;
  const resolved = device.createBuffer({
    size: bytes,
    usage: USAGE.queryResolve | USAGE.copySrc,
  });
  const staging = device.createBuffer({ size: bytes, usage: STAGING });
  try {
    for (let pass = 0; pass < STAMPED_PASSES; pass++) {
      const encoder = device.createCommandEncoder();
      const timestampWrites = {
        querySet,
        beginningOfPassWriteIndex: 2 * pass,
        endOfPassWriteIndex: 2 * pass + 1,
      };
      encoder.beginComputePass({ timestampWrites }).end();
      device.queue.submit([encoder.finish()]);
    }
    const encoder = device.createCommandEncoder();
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(1);
    return quantumOf([...new BigUint64Array(staging.getMappedRange()).toSorted()]);
  } finally {
    querySet.destroy();
    resolved.destroy();
    staging.destroy();
  }
}

/** The step of the clock that made these stamps, which rise; null where all are one. */
export function quantumOf(stamps: readonly bigint[]): number | null {
  const quantum = stamps
    .map((stamp, i) => stamp - (stamps[i - 1] ?? stamp))
    .reduce(greatestCommonDivisor, 0n);
  return quantum === 0n ? null : Number(quantum);
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let x = a;
  let y = b;
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}
