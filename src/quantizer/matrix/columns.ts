import type { ComputeDtype } from '../policy.ts';

/** Columns of the matrix that this build computes itself, in the order in which they are shown. */
export const OWN_COLUMNS = ['webgpu-f32', 'webgpu-f16', 'reference'] as const;
export type OwnColumn = (typeof OWN_COLUMNS)[number];

/** The type that weights, activations and gradients have in a column of the device. */
export const COMPUTE = {
  'webgpu-f32': 'float32',
  'webgpu-f16': 'float16',
} as const satisfies Partial<Record<OwnColumn, ComputeDtype>>;

/** Columns of ONNX Runtime Web, by the names that its contenders have in a bench. */
export const ORT_COLUMNS = ['ort-wasm', 'ort-webgpu'] as const;

/** Columns of recordings, by what the library computed on. */
export const RECORDED_COLUMNS = [
  'recorded-cpu',
  'recorded-cuda',
  'recorded-mps',
  'recorded-mlx',
] as const;
export type RecordedColumn = (typeof RECORDED_COLUMNS)[number];

/** Stands for live bridges where none is connected; each device that is has a column of its own. */
export const NO_BRIDGE = 'bridge';
