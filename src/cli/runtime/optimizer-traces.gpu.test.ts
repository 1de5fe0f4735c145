import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { WebGpuBackend } from '../../backends/webgpu.ts';
import { covers } from '../../catalog/covers.ts';
import { readParityBundle } from '../../formats/parity-bundle.ts';
import { CaseContext } from '../../testing/context.ts';
import { replay } from '../../testing/parity/replay.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Traces of torch.optim that ship with the program. */
const TRACES = [
  ...['adamw', 'adamw_no_decay', 'adamw_zero_gradients', 'adam', 'adam_decay'],
  ...['sgd', 'sgd_momentum', 'sgd_nesterov', 'adadelta', 'adadelta_options'],
];

test(
  'each step of ours and of torch.optim is right from the one before it',
  covers('fsdp.training.optimizer-configurations/torch-traces').control(
    'moments are not corrected',
    {
      file: 'src/ops/optim/adamw_step.ts',
      from: 'bias_correction ? lr / (1 - beta1 ** step) : lr',
      to: 'bias_correction ? lr : lr',
    },
  ),
  async () => {
    using gpu = await softwareGpu();
    const said: Record<string, unknown> = {};
    for (const name of TRACES) {
      const file = readFileSync(`public/parity/torch-2.15.0/optimizer_${name}.safetensors`);
      const t = new CaseContext({ gpu, ieee: true, seed: 1, injects: [] });
      const wrong = await replay(t, readParityBundle(file), new WebGpuBackend(gpu)).catch(
        (error: unknown) => error,
      );
      said[name] = wrong ?? t.evidence.finding;
      expect(t.evidence.assertions, name).toBeGreaterThan(wrong ? 0 : 100);
    }
    expect(said).toEqual(Object.fromEntries(TRACES.map((name) => [name, undefined])));
  },
);
