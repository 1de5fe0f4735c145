import type { BenchListener } from '../../bench/host.ts';
import type {
  ForeignListener,
  ForeignOutcome,
  ForeignRequest,
} from '../../bench/matrix/request.ts';
import type { BenchRequest } from '../../bench/request.ts';
import type { RunListener } from '../../harness/events.ts';
import type { RunRequest } from '../../harness/headless/page.ts';
import type { Skip } from '../../harness/training/skip.ts';
import type { TrainingListener, TrainingOutcome, TrainingRequest } from '../../harness/training.ts';
import type { TuningEvent, TuningOutcome, TuningRequest } from '../../harness/tuning.ts';
import type { WorkerLink } from '../../harness/worker/messages.ts';
import type { PageEquipment } from '../../report/equipment.ts';
import type { Report } from '../../report/schema.ts';
import type { PageServer } from '../server.ts';

/**
 * Somewhere that cases and trainings run without a person: a headless browser or child processes of
 * Node.
 */
export interface Runtime extends AsyncDisposable {
  /** Which adapter computes, and how it was found. */
  readonly adapter: string;
  /**
   * The page whose workers compute; undefined where no page does, so that nothing has to be allowed
   * to it.
   */
  readonly page?: Pick<PageServer, 'url' | 'allow'>;
  /** What its page may keep, and whether it is isolated; absent where no page computes. */
  equipment?(): Promise<PageEquipment>;
  /** A worker with a device, for a runner in this process, which ends it. */
  startWorker(): WorkerLink;
  /** Runs the selected cases, and the bundles of `replay` beside or instead of them. */
  run(request: RunRequest, listen: RunListener, signal: AbortSignal): Promise<Report>;
  /** `skip` leaves out the rest of a phase of it. */
  train(
    request: TrainingRequest,
    listen: TrainingListener,
    signal: AbortSignal,
    skip: Skip,
  ): Promise<TrainingOutcome>;
  /** Fine-tunes the model of a folder. */
  tune(
    request: TuningRequest,
    listen: (event: TuningEvent) => void,
    signal: AbortSignal,
  ): Promise<TuningOutcome>;
  /** Times the engine, and where a page computes the peers beside it. */
  bench(request: BenchRequest, listen: BenchListener, signal: AbortSignal): Promise<Report>;
  /** Asks other libraries for their cells of the matrix; they need a page. */
  foreign?(
    request: ForeignRequest,
    listen: ForeignListener,
    signal: AbortSignal,
  ): Promise<ForeignOutcome>;
}
