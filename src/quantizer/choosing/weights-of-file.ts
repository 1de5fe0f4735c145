import { GradproofError } from '../../errors.ts';
import type { StoredTensor } from '../../formats/safetensors/stored.ts';
import { readSafetensors, type Safetensors } from '../../formats/safetensors.ts';
import { formatShape, matrixView, sizeOf } from '../../tensor/shape.ts';
import { isHead, layerOf } from '../kept-layers.ts';
import { isUsuallyQuantized } from '../quantizer.ts';
import type { WeightSource } from './weight-source.ts';

/** A file without a weight that can be quantized, or with activations that do not fit theirs. */
class WeightsError extends GradproofError {
  constructor(message: string) {
    super('no-weights', message);
  }
}

const FLOATS: ReadonlySet<StoredTensor['dtype']> = new Set(['F32', 'F16', 'BF16', 'F64']);

/**
 * The weights of linears and convolutions in a file, in the order of its header: floats of two
 * dimensions or more named `<layer>.weight`, without embeddings and head. Their activations are the
 * matrix `<layer>.activations` [rows, in], else drawn by `seed` and the place of the layer. Throws
 * GradproofError `no-weights` where there is none, or where activations do not fit.
 */
export function weightsOfFile({ tensors }: Safetensors, seed: number): readonly WeightSource[] {
  const found = [...tensors].filter(
    ([name, tensor]) => isUsuallyQuantized(name, tensor) && isFilledWithFloats(tensor),
  );
  if (found.length === 0)
    throw new WeightsError(
      'holds no weight that can be quantized: give floats of two dimensions or more that are named *.weight and are neither embeddings nor a head',
    );
  return found.map(([name, stored], stream) => {
    const layer = layerOf(name);
    const activations = tensors.get(`${layer}.activations`);
    if (activations) requireRows(layer, activations, matrixView(stored.shape)[1]);
    const { shape } = stored;
    return { layer, shape, seed, stream, stored, ...(activations ? { activations } : {}) };
  });
}

/** A weight of a file that is not quantized, and why. */
export interface LeftOut {
  readonly layer: string;
  readonly dtype: string;
  readonly why: 'embeddings' | 'head' | 'empty' | 'type';
}

/** The weights of two dimensions or more that {@link weightsOfFile} leaves out. */
export function leftOutOf({ tensors }: Safetensors): readonly LeftOut[] {
  return [...tensors].flatMap(([name, tensor]): readonly LeftOut[] => {
    const { dtype, shape } = tensor;
    if (!name.endsWith('.weight') || shape.length < 2) return [];
    const layer = layerOf(name);
    if (!isUsuallyQuantized(name, tensor))
      return [{ layer, dtype, why: isHead(layer) ? 'head' : 'embeddings' }];
    if (isFilledWithFloats(tensor)) return [];
    return [{ layer, dtype, why: FLOATS.has(dtype) ? 'empty' : 'type' }];
  });
}

const isFilledWithFloats = ({ dtype, shape }: StoredTensor): boolean =>
  FLOATS.has(dtype) && sizeOf(shape) > 0;

/**
 * The tensors of a file that is to be quantized. Throws GradproofError `no-weights` for an index of
 * several files, and what `readSafetensors` does.
 */
export function fileOfWeights(name: string, bytes: Uint8Array<ArrayBuffer>): Safetensors {
  if (/\.index\.json$/i.test(name))
    throw new WeightsError(
      'names files of weights and holds none itself: give those .safetensors files, one after another',
    );
  return readSafetensors(bytes);
}

function requireRows(layer: string, { dtype, shape }: StoredTensor, width: number): void {
  if (FLOATS.has(dtype) && shape.length === 2 && shape[1] === width && sizeOf(shape) > 0) return;
  throw new WeightsError(
    `holds ${layer}.activations, ${dtype} ${formatShape(shape)}: give floats [rows, ${width}]`,
  );
}
