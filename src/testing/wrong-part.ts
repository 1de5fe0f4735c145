import type { Gpu } from '../gpu/gpu.ts';
import type { Launcher } from '../ops/launcher.ts';
import { launchers } from '../ops/registry.ts';
import type { FailedCall } from './failed-call.ts';
import { RerunnableCall } from './investigate.ts';
import { type Part, partsOfLora } from './parts-of-lora.ts';

/** How composite ops are made of others; what they compute beside these is their own kernel's. */
const PARTS: Readonly<Record<string, (call: FailedCall) => readonly Part[]>> = {
  lora_linear: partsOfLora,
};

/**
 * Runs a composite op part by part against the oracle and says which is wrong, as the end of a
 * sentence about the composite: the first part outside its bound, or, when each is right, the
 * kernels that are left. Undefined for an op that is not composite.
 */
export async function wrongPart(
  gpu: Gpu,
  call: FailedCall,
  ieee: boolean,
): Promise<string | undefined> {
  const parts = PARTS[call.op.name]?.(call);
  if (!parts) return undefined;
  const left = new Set((await new RerunnableCall(call, ieee).run(gpu, call.variant)).kernels);
  for (const { op, params, inputs } of parts) {
    const known = Object.keys((launchers.get(op.name) as Launcher).variants);
    const variant = known.includes(call.variant) ? call.variant : (known[0] as string);
    const { judgement, kernels } = await new RerunnableCall(
      { op, params, inputs, variant, name: 'y', level: 'legal' },
      ieee,
    ).run(gpu, variant);
    const at = judgement?.firstWrong;
    if (at)
      return `its part ${op.name} (${variant}) is wrong: y[${at.index.join(', ')}] is ${at.actual} and should be ${at.expected}`;
    for (const kernel of kernels) left.delete(kernel);
  }
  return left.size > 0
    ? `its products are right alone, which leaves ${[...left].join(', ')}`
    : undefined;
}
