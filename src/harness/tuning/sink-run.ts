import type { TuningRequest } from '../tuning.ts';
import type { SinkRun } from './log-sink.ts';

/** A fine-tuning as a sink lists it: its settings, and neither texts nor paths. */
export function sinkRunOf({
  name,
  steps,
  config: { data: _, ...config },
}: Pick<TuningRequest, 'name' | 'steps' | 'config'>): SinkRun {
  return {
    id: crypto.randomUUID(),
    title: `${config.type} of ${name}`,
    // JSON has no settings that are left out.
    config: JSON.parse(JSON.stringify({ ...config, model: name, steps })),
  };
}
