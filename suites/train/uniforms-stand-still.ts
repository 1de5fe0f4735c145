import type { FaultInjector } from '../../src/testing/fault.ts';

/** The fault of a replay that forgets what it counts: every step gets the uniforms of the first. */
export function uniformsStandStill(fault: FaultInjector): void {
  let first: Uint8Array | undefined;
  fault.host('capture.uniforms_now', (now) => (uniforms) => {
    first ??= now(uniforms);
    return first;
  });
}
