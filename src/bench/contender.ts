import type { Call, Results } from '../graph/call.ts';
import type { HostTensor } from '../tensor/host.ts';
import type { Work } from './work.ts';

/** Who is timed, as the `backend` of a result names it, in the order in which they are shown. */
export const CONTENDERS = [
  'webgpu',
  'ort-webgpu',
  'tfjs-webgpu',
  'jax-webgpu',
  'ort-wasm',
  'ceiling',
] as const;
export type ContenderName = (typeof CONTENDERS)[number];

/** What libraries are called, by the contender that each is. */
export const LIBRARIES = {
  'ort-webgpu': 'ONNX Runtime',
  'tfjs-webgpu': 'TensorFlow.js',
  'jax-webgpu': 'jax-js',
  'ort-wasm': 'ONNX Runtime, WebAssembly',
} as const satisfies Partial<Record<ContenderName, string>>;

/** Libraries on the adapter's WebGPU: ratios are told to the fastest of these. */
export const PEERS_ON_WEBGPU = [
  'ort-webgpu',
  'tfjs-webgpu',
  'jax-webgpu',
] as const satisfies readonly ContenderName[];

/** Whose faults are ours: these must be right in every setting. */
export const OURS: readonly string[] = ['webgpu', 'ceiling'] satisfies readonly ContenderName[];

/** A library, or our engine, that runs works. */
export interface Contender extends AsyncDisposable {
  readonly name: ContenderName;
  /** Of a library, as its package says; ours is that of the report's tool. */
  readonly version?: string;
  /** Why the library could not be opened: it fails in every work. Nothing else of it is asked. */
  readonly unopened?: { readonly code: string; readonly message: string };
  /**
   * The library's documented settings for a work, best known first: each is tried, and the fastest
   * is timed. None: it cannot do the work, for the reason.
   */
  settingsFor(work: Work): readonly string[] | { readonly reason: string };
  /**
   * Settings in which another variant runs than the one that the contender chooses: timed beside it
   * where options ask for that, and never its figure. Default none.
   */
  variantsFor?(work: Work): readonly string[];
  /** Uploads the work and compiles what it needs, in one setting. */
  prepare(work: Work, setting: string): Promise<PreparedWork>;
}

/** A library that runs any call that it has an operator for, beside the works of a bench. */
export interface CallContender extends Contender {
  readonly version: string;
  /** As {@link Contender.settingsFor}, of a call with its tensors. */
  settingsForCall(call: Call<HostTensor>): readonly string[] | { readonly reason: string };
  prepareCall(call: Call<HostTensor>, setting: string): Promise<PreparedWork>;
}

/** Whether a contender takes calls. */
export function takesCalls(contender: Contender): contender is CallContender {
  return 'prepareCall' in contender;
}

/** How far results may be off beside their bound, and what documents it. */
export type Coarser = { readonly source: string } & (
  | { readonly relative: number }
  | { readonly absolute: number }
);

/** A work on a contender's device, ready to run any number of times. */
export interface PreparedWork extends AsyncDisposable {
  /**
   * Runs it `times` times, one after another, and resolves when the device has done all of them.
   * Nothing is read back.
   */
  run(times: number): Promise<void>;
  /**
   * The same by the loop that the library's own documentation shows, where that is another; its
   * time stands beside.
   */
  runDocumented?(times: number): Promise<void>;
  /**
   * What an op gives, in float32: all its outputs, and the wanted gradients; of a step the losses of
   * its first three runs as `loss`, f32 [3]. Asked once, before anything is timed.
   */
  results(): Promise<Results<HostTensor>>;
  /**
   * Why its results are held to a coarser bound, where the library documents that its setting
   * computes so: `relative` is how far each number of the first operand may be off, as a share of
   * the largest of its row, 1 / 254 where activations are rounded to 8 bits; `absolute` how far each
   * number of an output may.
   */
  readonly coarser?: Coarser;
  /**
   * The call that its results are held to, where that is not the work's: a library that has a
   * 4-bit format of its own computes the product with what its own codes stand for.
   */
  readonly judgedAs?: Call<HostTensor>;
  /**
   * Checks what it computes where that is no call of an op, as of a ceiling, and returns how many
   * elements were compared. Throws an AssertionError. In place of `results`, which is not asked.
   */
  readonly check?: () => Promise<number>;
  /** What the contender tells of itself: kernels dispatched, commands, bytes on its ledger. */
  readonly metrics?: () => Readonly<Record<string, number>>;
  readonly kernels?: () => readonly string[];
}
