import type { Provider } from './contender.ts';
import { hostBinding } from './host-binding.ts';
import { LAYOUTS } from './onnx/operators/convolution.ts';

type Ort = typeof import('onnxruntime-web/wasm');

/** The WebAssembly provider. */
export function wasmProvider(ort: Ort): Provider {
  return {
    name: 'ort-wasm',
    ort,
    refuses: (type, { copies }) =>
      type === 'bf16' || (type === 'f16' && !copies)
        ? 'the WebAssembly provider computes no halves'
        : undefined,
    // It has one layout.
    settingsOf: (_, settings) => (settings === LAYOUTS ? ['default'] : settings),
    graphSetting: (setting) => setting,
    options: () => ({ executionProviders: ['wasm'] }),
    bind: (built) => hostBinding(ort, built),
    dispose: async () => {},
  };
}
