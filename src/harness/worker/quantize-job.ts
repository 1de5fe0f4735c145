import { WebGpuBackend } from '../../backends/webgpu.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Candidate, refusedLayer, requireReach } from '../../quantizer/choosing/measure.ts';
import { whyNotSaved } from '../../quantizer/choosing/measured.ts';
import { storedLayer } from '../../quantizer/choosing/stored.ts';
import { namedWeight } from '../../quantizer/choosing/weight-source.ts';
import type { FromWorker, QuantizeMessage } from './messages.ts';

/** Quantizes a weight by one scheme after another, and answers after each. */
export async function runQuantizeJob(
  gpu: Gpu,
  { source, schemes, save }: QuantizeMessage,
  post: (answer: FromWorker) => void,
): Promise<void> {
  const backend = new WebGpuBackend(gpu);
  try {
    requireReach(gpu, source);
  } catch (error) {
    for (const measured of refusedLayer(source.layer, schemes, error))
      post({ type: 'quantized', measured });
    return;
  }
  const weight = namedWeight(source);
  using candidate = new Candidate(gpu, weight);
  for (const scheme of schemes) {
    const measured = await candidate.measure(backend, scheme);
    const stored =
      save && whyNotSaved(measured) === undefined
        ? await storedLayer(gpu, backend, weight, scheme)
        : undefined;
    post({ type: 'quantized', measured, ...(stored ? { stored } : {}) });
  }
}
