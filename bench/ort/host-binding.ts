import type { Tensor } from 'onnxruntime-web';
import type { Built } from './onnx/operator.ts';
import type { Binding } from './prepared-graph.ts';
import { hostTensorOf, ortType } from './tensors.ts';

type Ort = Pick<typeof import('onnxruntime-web'), 'Tensor' | 'env'>;

/** Tensors in the memory of the host, which the WebAssembly provider copies in and out. */
export function hostBinding({ Tensor, env }: Ort, { graph }: Built): Binding {
  const feeds = Object.fromEntries(
    [...graph.fed].map(([name, { type, shape, data }]) => [
      name,
      new Tensor(ortType(type), data as Float32Array, shape) as Tensor,
    ]),
  );
  return {
    feeds,
    sync: async () => {},
    read: async ({ dims, data }, type) => {
      const { buffer, byteOffset, byteLength } = data as Float32Array<ArrayBuffer>;
      return hostTensorOf(type, dims, buffer.slice(byteOffset, byteOffset + byteLength));
    },
    metrics: { threads: env.wasm.numThreads ?? 1 },
    dispose: async () => {},
  };
}
