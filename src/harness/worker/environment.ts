import type { Gpu } from '../../gpu/gpu.ts';
import type { Probe } from '../../gpu/probe.ts';
import { tableInUse } from '../../ops/tuning/table-in-use.ts';
import { toldOf } from '../../ops/tuning/told.ts';
import type { Environment } from '../../report/schema.ts';

/** What a report says of where cases run without asking the adapter. */
export type RuntimeDescription = Pick<Environment, 'runtime' | 'runtimeVersion' | 'os' | 'cores'>;

/** The environment of a report: a runtime, its adapter, and what the probe found. */
export function environmentOf(runtime: RuntimeDescription, gpu: Gpu, found: Probe): Environment {
  return {
    ...runtime,
    adapter: { ...gpu.adapter },
    features: [...gpu.features].sort(),
    limits: { ...gpu.limits },
    probe: { ...found },
    tuning: toldOf(tableInUse(gpu)),
  };
}
