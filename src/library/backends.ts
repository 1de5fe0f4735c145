/**
 * `gradproof/backends`: who could compute here, in the order in which one is chosen, and models that
 * go from one to the other with the same bits.
 */

export { BridgeBackend } from '../backends/bridge-backend.ts';
export { BackendError } from '../backends/manager/backend-error.ts';
export { CAPABILITIES, type Capabilities } from '../backends/manager/capabilities.ts';
export { chooseBackend, wantedBackend } from '../backends/manager/choose.ts';
export {
  type BackendSources,
  type DetectedBackend,
  detectBackends,
} from '../backends/manager/detect.ts';
export { type HostModel, readHostModel } from '../backends/manager/host-model.ts';
export { BACKEND_KINDS, type BackendKind, kindOfBackend } from '../backends/manager/kinds.ts';
export { requireRecommended, suggestedBatch } from '../backends/manager/limits.ts';
export { ModelOnDevice } from '../backends/manager/on-device.ts';
export { ModelOnHost } from '../backends/manager/on-host.ts';
export type { PlacedModel } from '../backends/manager/placed-model.ts';
export { trainOnReference } from '../backends/manager/train-on-reference.ts';
export { ReferenceBackend } from '../backends/reference.ts';
