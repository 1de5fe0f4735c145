import { float64Of, type StoredTensor } from '../../formats/safetensors/stored.ts';
import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { matrixView, type Shape } from '../../tensor/shape.ts';
import { drawnInput, drawnWeight } from './drawn.ts';

/** Where a weight comes from: a file, or the seed. It can be sent to a worker as it is. */
export interface WeightSource {
  /** Name of the layer: that of the tensor without `.weight`. */
  readonly layer: string;
  /** Of the weight, [out, ...]. */
  readonly shape: Shape;
  readonly seed: number;
  /** Tells the layers of a seed apart. */
  readonly stream: number;
  /** Floats; drawn where they are absent. */
  readonly stored?: StoredTensor;
  /** Floats [rows, in]; drawn where they are absent. */
  readonly activations?: StoredTensor;
}

/** A weight that is to be quantized, and what it is multiplied with to see what that costs. */
export interface NamedWeight extends Pick<WeightSource, 'layer'> {
  /** f32 [out, ...]. */
  readonly weight: HostTensor;
  /** Activations f32 [rows, in]. */
  readonly input: HostTensor;
  /** Whether they are drawn, and so tell nothing of what a model has. */
  readonly isInputDrawn: boolean;
}

/** Reads or draws a weight. f64 is rounded to f32, which holds the other floats exactly. */
export function namedWeight(source: WeightSource): NamedWeight {
  const { layer, shape, seed, stream, stored, activations } = source;
  return {
    layer,
    weight: stored ? toF32(stored) : drawnWeight(seed, stream, shape),
    input: activations ? toF32(activations) : drawnInput(seed, stream, matrixView(shape)[1]),
    isInputDrawn: !activations,
  };
}

function toF32(stored: StoredTensor): HostTensor {
  return hostTensorFrom('f32', stored.shape, float64Of(stored));
}
