import { isBridgeName } from '../bridge/name.ts';
import { BackendError } from './backend-error.ts';

/**
 * Kinds of backends, from the one that is chosen first to the one that is chosen last: adapters of
 * WebGPU by the wish that they answer, ONNX Runtime's WebAssembly, the records in float64, devices
 * behind a bridge; WebGL is listed, and never there.
 */
export const BACKEND_KINDS = [
  'webgpu',
  'webgpu-default',
  'webgpu-low-power',
  'webgpu-fallback',
  'ort-wasm',
  'reference',
  'bridge',
  'webgl',
] as const;
export type BackendKind = (typeof BACKEND_KINDS)[number];

/** The kind of a backend by its name: its own word, or `bridge-torch-cpu`. Throws BackendError. */
export function kindOfBackend(name: string): BackendKind {
  const kind = BACKEND_KINDS.find((each) => each === name);
  if (kind) return kind;
  if (isBridgeName(name)) return 'bridge';
  throw new BackendError(
    'backend-unknown',
    `there is no backend "${name.slice(0, 40)}": there are ${BACKEND_KINDS.join(', ')}, and bridge-<device>`,
  );
}
