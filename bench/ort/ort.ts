import type { Contender } from '../../src/bench/contender.ts';
import { openedOr } from '../../src/bench/unopened.ts';
import { GradproofError } from '../../src/errors.ts';
import { OrtContender } from './contender.ts';
import { wasmProvider } from './wasm.ts';
import { webgpuProvider } from './webgpu.ts';

/** The compiled runtimes among the files of the package, which are served beside this module. */
const RUNTIMES = {
  webgpu: 'ort-wasm-simd-threaded.asyncify.wasm',
  wasm: 'ort-wasm-simd-threaded.wasm',
};

/** A file that the page did not bring along. */
class MissingAssetError extends GradproofError {}

/** ONNX Runtime Web, by its WebGPU and by its WebAssembly provider. */
export default async function contenders(
  _gpu: GPU,
  assets: Readonly<Record<string, ArrayBuffer>>,
): Promise<readonly Contender[]> {
  const binary = (name: string): Uint8Array<ArrayBuffer> => {
    const bytes = assets[name];
    if (!bytes) {
      throw new MissingAssetError(
        'missing-asset',
        `ONNX Runtime needs ${name} beside its module: run npm run bench:setup`,
      );
    }
    return new Uint8Array(bytes);
  };
  // Each is a file of its own: what they register and set does not meet, and one does without the other.
  return Promise.all([
    openedOr('ort-webgpu', async () => {
      const onWebgpu = await import('onnxruntime-web/webgpu');
      onWebgpu.env.wasm.wasmBinary = binary(RUNTIMES.webgpu);
      onWebgpu.env.wasm.numThreads = 1;
      return new OrtContender(await webgpuProvider(onWebgpu));
    }),
    openedOr('ort-wasm', async () => {
      const onWasm = await import('onnxruntime-web/wasm');
      onWasm.env.wasm.wasmBinary = binary(RUNTIMES.wasm);
      // In a frame without an origin of its own no worker of a module starts.
      onWasm.env.wasm.numThreads = 1;
      return new OrtContender(wasmProvider(onWasm));
    }),
  ]);
}
