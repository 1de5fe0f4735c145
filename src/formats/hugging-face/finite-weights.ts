import { GGUF_TYPES, type GgufType } from '../../quant/gguf/types.ts';
import { coordinatesOf, type Shape } from '../../tensor/shape.ts';
import { quote } from '../format-error.ts';
import { firstNotFinite } from '../safetensors/not-finite.ts';
import type { StoredTensor } from '../safetensors/stored.ts';
import { CheckpointError } from './checkpoint-error.ts';

/** Where the numbers of a tensor come from. */
interface Origin {
  readonly name: string;
  readonly shard: string;
}

/**
 * Throws CheckpointError where floats are not finite, which nothing can be computed with. They lie in
 * a tensor of that shape, after `before` others.
 */
export function requireFinite(
  stored: StoredTensor,
  { shape, before = 0, ...origin }: Origin & { readonly shape: Shape; readonly before?: number },
): void {
  const found = firstNotFinite(stored);
  if (!found) return;
  const at = coordinatesOf(before + found.index, shape).join(', ');
  throw notFinite(origin, `is ${found.value} at [${at}]`);
}

/** Throws CheckpointError where a scale of a block is not finite. */
export function requireFiniteBlocks(
  { bytes, shape }: StoredTensor,
  type: GgufType,
  origin: Origin,
): void {
  const { bytes: width, elements, scales } = GGUF_TYPES[type];
  for (const scale of scales)
    for (let at = 0; at < bytes.length; at += width) {
      // The upper byte of a float16 holds its whole exponent: ones are those of NaN and infinity.
      if (((bytes[at + scale + 1] as number) & 0x7c) !== 0x7c) continue;
      const [row, block] = coordinatesOf(at / width, [shape[0] ?? 1, (shape[1] ?? 0) / width]);
      throw notFinite(
        origin,
        `has a block at [${row}, ${(block as number) * elements}] whose scale is NaN or infinite`,
      );
    }
}

const notFinite = ({ name, shard }: Origin, what: string): CheckpointError => {
  const message = `${quote(name)} in ${quote(shard)} ${what}, and weights must be finite: get the file again, or save the model anew from before that`;
  return new CheckpointError([{ code: 'not-finite', message }]);
};
