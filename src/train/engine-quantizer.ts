import { launchers } from '../ops/registry.ts';
import type { QuantizerBackend } from '../quantizer/quantizer.ts';

/** The engine itself, as a quantizer asks it for ops. */
export const ENGINE: QuantizerBackend = {
  name: 'webgpu',
  supports: (op) => launchers.has(op),
};
