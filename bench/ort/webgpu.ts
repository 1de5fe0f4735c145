import type { InferenceSession } from 'onnxruntime-web';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { GpuErrors } from '../contender/gpu-errors.ts';
import type { Provider } from './contender.ts';
import { deviceBinding } from './device-binding.ts';
import { Graph } from './onnx/graph.ts';
import { LAYOUTS } from './onnx/operators/convolution.ts';
import { KEPT } from './onnx/operators/products.ts';

type Ort = typeof import('onnxruntime-web/webgpu');

/** A node that the provider has no kernel for would be computed on the host, with copies. */
const NO_HOST = { session: { disable_cpu_ep_fallback: '1' } };

/** What it refuses comes as an exception: its log would say it to the console again. */
const FATAL = 4;

/** The WebGPU provider, on the device that it makes for itself. */
export async function webgpuProvider(ort: Ort): Promise<Provider> {
  const first = await firstSession(ort);
  const device = await ort.env.webgpu.device;
  const errors = new GpuErrors('ONNX Runtime', device);
  return {
    name: 'ort-webgpu',
    ort,
    refuses: (type) => {
      if (type === 'bf16') return 'onnxruntime-web has no tensors of bfloat16';
      return type === 'f16' && !device.features.has('shader-f16')
        ? 'the device has no shader-f16'
        : undefined;
    },
    // What is fed stays on the device: that a weight is constant saves it nothing.
    settingsOf: ({ onHost }, settings) =>
      onHost
        ? { reason: `its WebGPU provider has no kernel for ${onHost}` }
        : settings
            .filter((setting) => !setting.endsWith(KEPT))
            .flatMap((setting) => [setting, setting + CAPTURED]),
    graphSetting: (setting) => setting.replace(CAPTURED, ''),
    options: (setting) => ({ ...optionsOf(setting), preferredOutputLocation: 'gpu-buffer' }),
    bind: (built) => deviceBinding(ort, device, errors, built),
    dispose: async () => {
      await first.release();
      device.destroy();
    },
  };
}

/** Commands of a run are recorded once, and run again without the graph. */
const CAPTURED = ', captured';

function optionsOf(setting: string): InferenceSession.SessionOptions {
  const layout = LAYOUTS.find((name) => setting.startsWith(name)) as 'NHWC' | 'NCHW' | undefined;
  return {
    enableGraphCapture: setting.endsWith(CAPTURED),
    executionProviders: [{ name: 'webgpu', ...(layout ? { preferredLayout: layout } : {}) }],
    extra: NO_HOST,
    logSeverityLevel: FATAL,
  };
}

/** Its device lives as long as one of its sessions does, and is another one afterwards. */
async function firstSession(ort: Ort): Promise<InferenceSession> {
  const graph = new Graph();
  const x = graph.feed('x', hostTensorFrom('f32', [1], [0]));
  graph.output(graph.node('Abs', [x]), 'f32');
  return await ort.InferenceSession.create(graph.bytes(), optionsOf('default'));
}
