// First: it names modules that read it.
import '../../ops/registry.ts';

import { messageOf } from '../../errors.ts';
import { nextTask } from '../../harness/next-task.ts';
import {
  type ReferenceRequest,
  type ReferenceTold,
  ReferenceTuning,
} from '../../harness/tuning/on-reference.ts';
import { openWebFolder } from '../../harness/worker/web-folder.ts';

const abort = new AbortController();
const tell = (told: ReferenceTold) => self.postMessage(told);

/** Takes a request, and after that any message ends the run after the step that it makes. */
self.onmessage = ({ data }: MessageEvent<ReferenceRequest>) => {
  self.onmessage = () => abort.abort();
  train(data).catch((error: unknown) => tell({ type: 'failed', message: messageOf(error) }));
};

async function train(request: ReferenceRequest): Promise<void> {
  const tuning = await ReferenceTuning.open(request, openWebFolder);
  tell({ type: 'start', ...tuning.start });
  const steps = tuning.run(abort.signal);
  for (;;) {
    const started = performance.now();
    const next = await steps.next();
    if (next.done) return tell({ type: 'saved', files: next.value });
    const ms = performance.now() - started;
    const tokensPerSecond = (1000 * next.value.tokens) / ms;
    tell({ type: 'step', ...next.value, ms, tokensPerSecond, bytes: 0, peakBytes: 0 });
    // A step leaves no task between: only here is it heard that it shall stop.
    await nextTask();
  }
}
