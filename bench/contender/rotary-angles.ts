import { type HostTensor, hostTensorFrom } from '../../src/tensor/host.ts';

/** Cosines and sines of rotary positions, [tokens, width / 2] each: of p theta^(-2 k / width). */
export function rotaryAngles(
  tokens: number,
  width: number,
  theta: number,
): { readonly cos: HostTensor; readonly sin: HostTensor } {
  const half = width / 2;
  const angles = Float64Array.from(
    { length: tokens * half },
    (_, at) => Math.floor(at / half) * theta ** ((-2 * (at % half)) / width),
  );
  const table = (f: (angle: number) => number) =>
    hostTensorFrom('f32', [tokens, half], angles.map(f));
  return { cos: table(Math.cos), sin: table(Math.sin) };
}
