import type { Tensor } from '../../tensor/tensor.ts';

/** Waits for f32 tensors, and copies them one behind the other. */
export async function joined(pieces: readonly Tensor[]): Promise<Float32Array> {
  const read = await Promise.all(pieces.map((piece) => piece.read()));
  const all = new Float32Array(pieces.reduce((sum, { size }) => sum + size, 0));
  let end = 0;
  for (const { data } of read) {
    all.set(data as Float32Array, end);
    end += data.length;
  }
  return all;
}
