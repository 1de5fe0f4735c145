import type { BackendKind } from './kinds.ts';

/** Element types in which products are computed. */
export type ProductDtype = 'float16' | 'float32' | 'float64';

/** What a kind of backend can do, whatever machine it is on. */
export interface Capabilities {
  /** Whether a model can be trained on it. */
  readonly trains: boolean;
  /** Whether it computes calls of single ops. */
  readonly computesOps: boolean;
  /** Whether a model computes logits on it. */
  readonly runsModels: boolean;
  /** Bits of the codes that weights are multiplied in, without being decoded before. */
  readonly bits: readonly number[];
  /** What products are computed in where nothing is said. */
  readonly preferred: ProductDtype;
  /** All that they can be computed in, on an adapter that has it. */
  readonly dtypes: readonly ProductDtype[];
  /** Tokens of a step that it is meant for: see `suggestedBatch`. */
  readonly tokensOfStep: number;
  /** Parameters of the largest model that it is meant for. */
  readonly parameters: number;
}

const BILLION = 1e9;

/** A backend that says nothing of itself. */
const NO_CAPABILITIES: Capabilities = {
  ...{
    trains: false,
    computesOps: false,
    runsModels: false,
    bits: [],
    preferred: 'float32',
    dtypes: ['float32'],
  },
  ...{ tokensOfStep: 0, parameters: 0 },
};

/** Products in registers of formats with so many bits: docs/library.md names them. */
const CODES = [2, 3, 4, 5, 6, 8];
const WEBGPU: Capabilities = {
  ...{ trains: true, computesOps: true, runsModels: true, bits: CODES, preferred: 'float32' },
  ...{ dtypes: ['float16', 'float32'], tokensOfStep: 8192, parameters: 8 * BILLION },
};
/** A processor makes as many steps where they are smaller. */
const FALLBACK: Capabilities = { ...WEBGPU, tokensOfStep: 2048, parameters: BILLION / 2 };

/** What each kind can do. */
export const CAPABILITIES: Readonly<Record<BackendKind, Capabilities>> = {
  webgpu: WEBGPU,
  'webgpu-default': WEBGPU,
  'webgpu-low-power': { ...WEBGPU, tokensOfStep: 4096, parameters: 3 * BILLION },
  'webgpu-fallback': FALLBACK,
  'ort-wasm': {
    ...NO_CAPABILITIES,
    computesOps: true,
  },
  reference: {
    ...{ trains: true, computesOps: true, runsModels: true, bits: [], preferred: 'float64' },
    ...{ dtypes: ['float64'], tokensOfStep: 256, parameters: 1e7 },
  },
  bridge: {
    ...NO_CAPABILITIES,
    ...{ computesOps: true, runsModels: true, tokensOfStep: 1024, parameters: BILLION / 2 },
  },
  webgl: NO_CAPABILITIES,
};
