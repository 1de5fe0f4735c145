import type { HostTensor } from '../../tensor/host.ts';
import type { HostModel } from './host-model.ts';

/** Bytes that a model holds on its backend, and the most that it held since it was placed. */
export interface PlacedBytes {
  readonly live: number;
  readonly peak: number;
}

/** A model on a backend. */
export interface PlacedModel extends Disposable {
  /** Of the backend. */
  readonly name: string;
  readonly bytes: PlacedBytes;
  /** Logits f32 [B, S, vocab] of ids i32 [B, S]. */
  logits(ids: HostTensor): Promise<HostTensor>;
  /** The model as it lies there, read back. */
  toHost(): Promise<HostModel>;
}
