import type { CaseContext } from '../src/testing/context.ts';

/** Whether a case runs on SwiftShader, whose answers to the probes are known. */
export const isSwiftShader = ({ gpu: { adapter } }: CaseContext): boolean =>
  [adapter.description, adapter.device, adapter.architecture].some((text) =>
    text.toLowerCase().includes('swiftshader'),
  );
