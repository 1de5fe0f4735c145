import { messageOf } from '../../errors.ts';
import type { RunIdentity } from '../../report/build.ts';
import type { RunOptions } from '../../report/run-options.ts';
import type { Report } from '../../report/schema.ts';
import { FINDINGS } from '../../report/verdict.ts';
import type { RunListener } from '../events.ts';
import { planEntry } from '../plan.ts';
import { CaseQueue } from './case-queue.ts';
import { atDeadline, deadlineInWords, deadlineOf, RUN_DEADLINE } from './deadline.ts';
import { GpuProcess, isGone, isSilent } from './gpu-process.ts';
import type { RunnerHost } from './host.ts';
import {
  decisiveResult,
  failureOf,
  outcomeOf,
  type SettledReply,
  withControl,
  withFinding,
  withFlakiness,
} from './outcome.ts';
import { persistently } from './persistently.ts';
import { PoolWorker } from './pool-worker.ts';
import { type Item, RunResults, type Seen } from './run-results.ts';
import type { Selected } from './selection.ts';
import { UnusableError } from './unusable.ts';

/**
 * A case whose worker or device went away this often, with no other case to blame, is to blame for
 * it; once may come from outside.
 */
const LOSSES_ALONE = 2;
/** A GPU process that gives no device within this time is stuck. */
const STUCK_MS = 5_000;
/**
 * On a processor pipelines take most of a run, and a GPU process compiles one at a time: so many
 * cases are worth a second one.
 */
const WORTH_OWN_GPU = 500;

type End = 'cancelled' | 'deadline' | 'hang';

/** One run: a queue of cases and the workers that drain it. */
export class Run {
  readonly #host: RunnerHost;
  readonly #options: RunOptions;
  readonly #listen: RunListener;
  readonly #identity: RunIdentity;
  readonly #results: RunResults;
  readonly #queue: CaseQueue;
  /**
   * Cases that ran beside others when their worker or device went away. Each runs again while no
   * other does: what happens then is its own doing.
   */
  #toRunAlone: Item[];
  #alone = false;
  readonly #inFlight = new Set<Item>();
  readonly #gpu: GpuProcess;
  #recovery: Promise<boolean> | undefined;
  readonly #ending = new AbortController();
  #end: End | undefined;
  #hung = '';

  constructor(
    host: RunnerHost,
    options: RunOptions,
    listen: RunListener,
    selected: readonly Selected[],
    identity: RunIdentity,
  ) {
    this.#host = host;
    this.#options = options;
    this.#listen = listen;
    this.#identity = identity;
    this.#results = new RunResults(selected, host.resume, listen);
    const { toRun } = this.#results;
    const fresh = toRun.filter(({ attempts }) => attempts === 0);
    this.#queue = new CaseQueue(fresh, { keepsOrder: options.shuffle });
    this.#toRunAlone = toRun.filter(({ attempts }) => attempts > 0);
    this.#gpu = new GpuProcess(host.sharedGpu !== undefined);
  }

  async execute(): Promise<Report> {
    const deadline = setTimeout(() => this.#stop('deadline'), deadlineOf(this.#options));
    const cancel = () => this.#stop('cancelled');
    this.#host.signal?.addEventListener('abort', cancel);
    if (this.#host.signal?.aborted) cancel();
    try {
      await this.#runAll();
      if (!this.#end) this.#loseTheRest();
    } catch (error) {
      if (!this.#end) throw error;
    } finally {
      clearTimeout(deadline);
      this.#host.signal?.removeEventListener('abort', cancel);
    }
    if (this.#end === 'deadline') this.#endAtDeadline();
    const report = this.#results.report(this.#identity);
    if (this.#end === 'hang' && !this.#results.isComplete) {
      this.#listen({
        type: 'hang',
        id: this.#hung,
        unfinished: this.#results.unfinished(this.#identity.planHash, this.#options),
      });
    }
    this.#listen({ type: 'end', report });
    return report;
  }

  async #runAll(): Promise<void> {
    const { startWithOwnGpu, hasFallbackAdapter } = this.#host;
    const more = Math.max(0, Math.min(this.#options.workers, this.#queue.size) - 1);
    const mayOwnGpu = startWithOwnGpu !== undefined && this.#queue.size >= WORTH_OWN_GPU;
    const early = mayOwnGpu && hasFallbackAdapter?.() ? this.#startMore(more, true) : undefined;
    const first = await this.#startPersistently().catch((error: unknown) => {
      for (const starting of early ?? []) starting.then((worker) => worker?.terminate());
      throw error;
    });
    const selected = this.#results.items.map(({ declared }) => planEntry(declared));
    this.#listen({
      type: 'start',
      environment: first.environment,
      selected,
      planHash: this.#identity.planHash,
    });
    this.#results.tellResumed();
    this.#alone = more < 1;
    const others =
      early ?? this.#startMore(more, mayOwnGpu && first.environment.adapter.isFallback);
    await Promise.all([
      this.#drain(first, 0),
      ...others.map((worker, n) => this.#drainWhenStarted(worker, n + 1)),
    ]);
    if (this.#toRunAlone.length === 0 || this.#end) return;
    this.#alone = true;
    for (const item of this.#toRunAlone.splice(0).reverse()) this.#queue.putFirst(item);
    const worker = await this.#restartWorker();
    if (worker) await this.#drain(worker, 0);
  }

  /** Ends the run early; the first reason counts. */
  #stop(reason: End): void {
    this.#end ??= reason;
    this.#ending.abort();
  }

  /** Further workers only make the run faster: it goes on without one that cannot start. */
  #startMore(count: number, ownsGpu: boolean): Promise<PoolWorker | undefined>[] {
    return Array.from({ length: count }, () =>
      this.#startWorker({ ownsGpu }).catch(() => undefined),
    );
  }

  async #drainWhenStarted(starting: Promise<PoolWorker | undefined>, number: number) {
    const worker = await starting;
    if (worker) await this.#drain(worker, number);
  }

  /** Runs cases until none is left, or no device can be had any more. */
  async #drain(initial: PoolWorker, number: number): Promise<void> {
    let worker: PoolWorker | undefined = initial;
    const next = () => this.#queue.take(number);
    try {
      for (let item = next(); item && !this.#end; item = next()) {
        this.#listen({ type: 'case-start', id: item.declared.id, backend: item.declared.backend });
        this.#inFlight.add(item);
        worker = await this.#runToResult(item, worker);
        if (this.#end) return;
        this.#inFlight.delete(item);
        if (!worker) return;
      }
    } finally {
      this.#queue.leave(number);
      worker?.terminate();
    }
  }

  /** Runs a case with its retries and its control; returns the worker to go on with. */
  async #runToResult(item: Item, initial: PoolWorker): Promise<PoolWorker | undefined> {
    let worker = initial;
    for (;;) {
      const env = this.#results.indexOf(worker.environment);
      const hiddenAtStart = this.#host.isHidden?.();
      item.attempts++;
      const run = await this.#ask(item, worker, false);
      if (!run.reply) return run.worker;
      let outcome = outcomeOf(item.declared, run.reply, this.#limitOf(item));
      let next = run.worker;
      let seen: Seen = run.reply.type === 'done' ? seenIn(run.reply) : {};
      if (this.#options.controls && next && outcome.status === 'pass') {
        const control = await this.#ask(item, next, true);
        if (!control.reply) return control.worker;
        next = control.worker;
        outcome = withControl(outcome, item.declared.control.name, control.reply);
        if (control.reply.type === 'done') seen = { ...seen, control: control.reply.outcome };
      }
      const good = outcome.status === 'pass' || outcome.status === 'skip';
      if (good || !next || item.failures.length >= this.#options.retries) {
        const shown =
          hiddenAtStart || this.#host.isHidden?.()
            ? withFinding(outcome, FINDINGS.hidden, HIDDEN)
            : outcome;
        const result = { ...withFlakiness(shown, item.failures), env, attempts: item.attempts };
        this.#results.finish(
          decisiveResult(result, item.failures),
          run.reply.type === 'done' ? run.reply.files : [],
          seen,
        );
        return next;
      }
      const failure = failureOf({ ...outcome, env, attempts: item.attempts });
      item.failures.push(failure);
      this.#listen({ type: 'case-failed', failure });
      worker = next;
    }
  }

  /**
   * Runs a case once and restores what that took: a lost device, or the whole worker (undefined
   * when that is impossible). No reply: the run ends, or what befell the case may not be its own
   * doing and it is run again.
   */
  async #ask(
    item: Item,
    worker: PoolWorker,
    control: boolean,
  ): Promise<{ reply?: SettledReply; worker: PoolWorker | undefined }> {
    const { id, backend } = item.declared;
    const made = {
      ...(this.#host.details ? { details: true } : {}),
      ...(this.#host.digestReads ? { digestReads: true } : {}),
      ...(item.bundle ? { bundle: item.bundle } : {}),
      ...(item.link ? { link: item.link } : {}),
    };
    const reply = await worker.run(
      { type: 'case', id, backend, seed: this.#options.seed, control, ...made },
      this.#limitOf(item),
    );
    if (reply.type === 'aborted') return { worker };
    const mayBeOthers =
      reply.type === 'timeout'
        ? await this.#ranDuringHang(item, worker)
        : this.#gpu.explains(worker, reply);
    const again = (mayBeOthers || isGone(reply)) && this.#putBack(item, reply);
    if (this.#end) return { ...(again ? {} : { reply }), worker };
    const restored = await this.#restore(reply, worker);
    return again ? { worker: restored } : { reply, worker: restored };
  }

  /**
   * Queues a case again that may not be to blame, alone if it ran beside others; false when it is
   * to blame.
   */
  #putBack(item: Item, reply: SettledReply): boolean {
    if (!this.#alone) this.#toRunAlone.push(item);
    else if (isSilent(reply) || ++item.lossesAlone >= LOSSES_ALONE) return false;
    else this.#queue.putFirst(item);
    return true;
  }

  /**
   * Whether the GPU process was stuck when a case did not come back: another case may have hung it.
   * It is unstuck then, or the run ends.
   */
  async #ranDuringHang(item: Item, worker: PoolWorker): Promise<boolean> {
    worker.terminate();
    const { sharedGpu } = this.#host;
    if (!sharedGpu || worker.ownsGpu) return false;
    if (this.#gpu.isStale(worker)) return true;
    this.#recovery ??= this.#unstick(item).finally(() => {
      this.#recovery = undefined;
    });
    return this.#recovery;
  }

  async #unstick({ declared: { id } }: Item): Promise<boolean> {
    const answers = await this.#startWorker({ timeoutMs: STUCK_MS }).catch(() => undefined);
    answers?.terminate();
    if (answers || this.#end) return false;
    const crash = this.#host.sharedGpu?.crash;
    if (crash) {
      this.#listen({ type: 'hang', id });
      await this.#gpu.crash(() => this.#unlessEnded(crash(id)));
    } else {
      this.#hung = id;
      this.#stop('hang');
    }
    return true;
  }

  /** Waits for what may never settle, but not longer than the run. */
  async #unlessEnded(work: Promise<void>): Promise<void> {
    const ended = new Promise<void>((resolve) =>
      this.#ending.signal.addEventListener('abort', () => resolve()),
    );
    await Promise.race([work, ended]);
  }

  async #restore(reply: SettledReply, worker: PoolWorker): Promise<PoolWorker | undefined> {
    if (reply.type === 'done' && !reply.deviceLost && !this.#gpu.isStale(worker)) return worker;
    if (reply.type === 'refused' && !isGone(reply) && !this.#gpu.isStale(worker)) return worker;
    if (reply.type === 'done') {
      const { crashes } = this.#gpu;
      try {
        await worker.renewDevice();
        this.#gpu.gaveDevice(worker, crashes);
        return worker;
      } catch {
        // A worker that gets no device is replaced, as one that died.
      }
    }
    worker.terminate();
    return this.#restartWorker(worker);
  }

  #limitOf({ declared }: Item): number {
    return this.#options.timeoutMs ?? declared.timeoutMs;
  }

  #loseTheRest(): void {
    const message = 'no device is available any more: close what else uses the GPU and run again';
    for (const item of this.#results.left)
      this.#results.finishWithoutReply(item, 'lost', 'no-device', message);
  }

  #endAtDeadline(): void {
    if (!this.#results.hasEnvironment) {
      throw new UnusableError(
        RUN_DEADLINE,
        `no device was there before ${deadlineInWords(this.#options)}`,
      );
    }
    for (const item of this.#results.left) {
      this.#results.finishWithoutReply(
        item,
        ...atDeadline(this.#options, this.#inFlight.has(item) ? 'running' : 'waiting'),
      );
    }
  }

  async #startWorker({
    ownsGpu = false,
    timeoutMs,
  }: {
    readonly ownsGpu?: boolean;
    readonly timeoutMs?: number;
  } = {}): Promise<PoolWorker> {
    const { crashes } = this.#gpu;
    const { startWorker, startWithOwnGpu = startWorker } = this.#host;
    const start = ownsGpu ? startWithOwnGpu : startWorker;
    const worker = await PoolWorker.start(start, this.#ending.signal, {
      ownsGpu,
      timeoutMs,
      tuned: this.#host.tuned,
    });
    this.#gpu.gaveDevice(worker, crashes);
    this.#results.indexOf(worker.environment);
    return worker;
  }

  #startPersistently(ownsGpu = false): Promise<PoolWorker> {
    return persistently(() => this.#startWorker({ ownsGpu }), this.#ending.signal);
  }

  /**
   * A worker in place of one that is gone; undefined when no device can be had any more, or the run
   * ends.
   */
  async #restartWorker(gone?: PoolWorker): Promise<PoolWorker | undefined> {
    try {
      return await this.#startPersistently(gone?.ownsGpu);
    } catch (error) {
      if (!(error instanceof UnusableError) && !this.#end)
        throw new Error(messageOf(error), { cause: error });
      return undefined;
    }
  }
}

function seenIn({ details, readDigest }: Extract<SettledReply, { type: 'done' }>): Seen {
  return { ...(details ? { details } : {}), ...(readDigest ? { readDigest } : {}) };
}

const HIDDEN =
  'this tab was hidden while the case ran, and browsers slow hidden tabs down: its time says nothing, so keep the tab in front';
