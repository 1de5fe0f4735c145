import type { NoAdapterError } from '../../gpu/device.ts';
import type { PoolWorker, Reply } from './pool-worker.ts';

/**
 * What the runner knows of the GPU process that its workers share: how often it crashed, and which
 * workers have a device from before that. Such a device is lost sooner or later, so nothing that
 * its worker tells, but a pass, says anything about the worker's case.
 */
export class GpuProcess {
  readonly #shared: boolean;
  #crashes = 0;
  readonly #before = new WeakMap<PoolWorker, number>();

  constructor(shared: boolean) {
    this.#shared = shared;
  }

  /** Counts crashes; a worker's device is as old as the count was when it asked for it. */
  get crashes(): number {
    return this.#crashes;
  }

  /** Notes that `worker` asked for its device when the count was `crashes`. */
  gaveDevice(worker: PoolWorker, crashes: number): void {
    this.#before.set(worker, crashes);
  }

  /**
   * Crashes the process; counts when that begins and when it is done, since a device asked for in
   * between is lost too.
   */
  async crash(work: () => Promise<void>): Promise<void> {
    this.#crashes++;
    await work();
    this.#crashes++;
  }

  /** Whether the device of `worker` is from before the last crash. */
  isStale(worker: PoolWorker): boolean {
    return !worker.ownsGpu && this.#crashes > (this.#before.get(worker) ?? 0);
  }

  /**
   * Whether a crash of the process explains the reply, so that any of the cases in flight may be
   * its cause.
   */
  explains(worker: PoolWorker, reply: Reply): boolean {
    if (!this.#shared || worker.ownsGpu || isGood(reply)) return false;
    if (this.isStale(worker)) return true;
    if (isSilent(reply)) return true;
    if (reply.type === 'dead' || !isGone(reply)) return false;
    this.#crashes++;
    return true;
  }
}

function isGood(reply: Reply): boolean {
  return (
    reply.type === 'done' && (reply.outcome.status === 'pass' || reply.outcome.status === 'skip')
  );
}

/**
 * Whether a case ended without a word of the GPU process, which its own work or that of any other
 * may have hung.
 */
export function isSilent(reply: Reply): boolean {
  return (
    reply.type === 'timeout' ||
    (reply.type === 'done' && reply.outcome.error?.code === 'scope-timeout')
  );
}

/** Why a worker whose device went away between two cases could not begin the next one. */
const NO_DEVICE: ReadonlySet<string> = new Set<NoAdapterError['code']>([
  'no-adapter',
  'adapter-timeout',
  'no-device',
]);

/**
 * Whether worker or device went away by itself; a device that its own case destroyed is that case's
 * doing.
 */
export function isGone(reply: Reply): boolean {
  if (reply.type === 'dead') return true;
  if (reply.type === 'refused') return NO_DEVICE.has(reply.code);
  return (
    reply.type === 'done' &&
    reply.outcome.status === 'lost' &&
    reply.outcome.error?.code === 'device-lost'
  );
}
