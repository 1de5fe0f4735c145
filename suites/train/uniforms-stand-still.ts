import type { FaultDeclaration } from '../../src/testing/fault.ts';

/** The fault of a replay that forgets what it counts: every step gets the uniforms of the first. */
export function uniformsStandStill(fault: FaultDeclaration): void {
  fault.host('capture.uniforms_now', (now) => {
    let first: Uint8Array | undefined;
    return (uniforms) => {
      first ??= now(uniforms);
      return first;
    };
  });
}
