import type { Later } from '../controls/later.ts';
import type { Observable } from '../controls/observable.ts';
import type { BridgeSession } from '../libraries/bridge-session.ts';
import type { MergingState } from '../merge/merging-state.ts';
import type { QuantizingState } from '../quantize/quantizing-state.ts';
import type { RunSession } from '../run/run-session.ts';
import type { TrainingState } from '../train/training-state.ts';
import type { TuningState } from '../tune/tuning-state.ts';
import type { BenchSession } from './bench-session.ts';

/** The page that alone may have a frame, in which other libraries run, at one of its views. */
export const benchPage = (view: 'bench' | 'matrix'): string => `bench.html?view=${view}`;

/** Whether this page is it. */
export function isBenchPage(path = location.pathname): boolean {
  return path.endsWith('/bench.html');
}

/** What this page has, and would lose. */
interface Shown {
  readonly bench: Later<BenchSession>;
  readonly bridge: BridgeSession;
  readonly run: RunSession;
  readonly learning: Observable<TrainingState>;
  readonly adapting: Observable<TuningState>;
  readonly merging: Observable<MergingState>;
  readonly measuring: Observable<QuantizingState>;
}

/**
 * Goes to that page where its server has what a bench needs, and nothing that this page shows is
 * lost by it; then it does not resolve.
 */
export async function toBenchPage(
  { bench, bridge, run, learning, adapting, merging, measuring }: Shown,
  view: 'bench' | 'matrix',
): Promise<void> {
  const { server } = await bench.get();
  const isEmpty =
    run.state.value.phase === 'idle' &&
    learning.value.phase === 'idle' &&
    adapting.value.phase === 'idle' &&
    merging.value.phase === 'idle' &&
    measuring.value.phase === 'idle' &&
    bridge.state.value.phase === 'absent';
  if (!server || !isEmpty || isBenchPage()) return;
  location.replace(new URL(benchPage(view), document.baseURI));
  await new Promise(() => {});
}
