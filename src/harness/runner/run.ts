import { messageOf } from '../../errors.ts';
import type { RunListener, RunOptions } from '../events.ts';
import { planEntry } from '../plan.ts';
import { buildReport, type RunIdentity } from '../report/build.ts';
import type { CaseResult, Environment, Report } from '../report/schema.ts';
import { FINDINGS } from '../report/verdict.ts';
import type { CaseOutcome } from '../worker/messages.ts';
import type { RunnerHost } from './host.ts';
import { outcomeOf } from './outcome.ts';
import { PoolWorker, type Reply } from './pool-worker.ts';
import type { Selected } from './selection.ts';
import { UnusableError } from './unusable.ts';

/** How often a case is run again because the GPU process was crashed under it on behalf of another. */
const MAX_INNOCENT_LOSSES = 3;
/** After a crash of the GPU process the next adapter takes a moment. */
const RESTART_DELAYS_MS = [0, 250, 2000];

/** One run: a queue of cases and the workers that drain it. */
export class Run {
  readonly #host: RunnerHost;
  readonly #options: RunOptions;
  readonly #listen: RunListener;
  readonly #selected: readonly Selected[];
  readonly #identity: RunIdentity;
  readonly #queue: Selected[];
  readonly #results: CaseResult[] = [];
  readonly #environments: Environment[] = [];
  readonly #innocentLosses = new Map<Selected, number>();
  readonly #started = performance.now();
  /** Counts twice for every GPU process that is crashed: when that begins and when it is done. */
  #crashes = 0;
  /** What the count was when a worker asked for its device: a device from before a crash is lost by it, sooner or later. */
  readonly #crashesBefore = new WeakMap<PoolWorker, number>();

  constructor(host: RunnerHost, options: RunOptions, listen: RunListener, selected: readonly Selected[], identity: RunIdentity) {
    this.#host = host;
    this.#options = options;
    this.#listen = listen;
    this.#selected = selected;
    this.#identity = identity;
    this.#queue = [...selected];
  }

  async execute(): Promise<Report> {
    try {
      const first = await this.#startWorker();
      const selected = this.#selected.map(({ declared }) => planEntry(declared));
      this.#listen({ type: 'start', environment: first.environment, selected, planHash: this.#identity.planHash });
      const more = Math.min(this.#options.workers, this.#selected.length) - 1;
      await Promise.all([this.#drain(first), ...Array.from({ length: more }, () => this.#drainMore())]);
      if (!this.#aborted) this.#loseTheRest();
    } catch (error) {
      if (!this.#aborted) throw error;
    }
    const complete = this.#results.length === this.#selected.length;
    const report = buildReport(this.#identity, this.#environments, this.#results, complete);
    this.#listen({ type: 'end', report });
    return report;
  }

  get #aborted(): boolean {
    return this.#host.signal?.aborted ?? false;
  }

  /** A further worker only makes the run faster: the run goes on without one that cannot start. */
  async #drainMore(): Promise<void> {
    const worker = await this.#startWorker().catch(() => undefined);
    if (worker) await this.#drain(worker);
  }

  /** Runs cases until none is left, or no device can be had any more. */
  async #drain(initial: PoolWorker): Promise<void> {
    let worker: PoolWorker | undefined = initial;
    try {
      for (let next = this.#queue.shift(); next && !this.#aborted; next = this.#queue.shift()) {
        this.#listen({ type: 'case-start', id: next.declared.id, backend: next.declared.backend });
        worker = await this.#runToResult(next, worker);
        if (!worker) return;
      }
    } finally {
      worker?.terminate();
    }
  }

  /** Runs a case with its retries and its control; returns the worker to go on with. */
  async #runToResult(item: Selected, initial: PoolWorker): Promise<PoolWorker | undefined> {
    let worker: PoolWorker | undefined = initial;
    let [outcome, attempts]: [CaseOutcome | undefined, number] = [undefined, 0];
    while (worker && !settled(outcome, attempts, this.#options.retries)) {
      const env = this.#indexOf(worker.environment);
      const run = await this.#ask(item, worker, false);
      worker = run.worker;
      if (!run.reply) return worker;
      attempts++;
      outcome = outcomeOf(item.declared, run.reply, this.#limitOf(item));
      if (this.#options.controls && worker && outcome.status === 'pass') {
        const control = await this.#ask(item, worker, true);
        worker = control.worker;
        if (!control.reply) return worker;
        outcome = withControl(outcome, item.declared.control.name, control.reply);
      }
      if (!worker || settled(outcome, attempts, this.#options.retries)) this.#finish({ ...outcome, env, attempts });
    }
    return worker;
  }

  /**
   * Runs a case once and restores what that took: a lost device, or the whole worker (undefined when that is impossible). No reply: the
   * run was cancelled, or the case lost its device to another's hang and is in the queue again.
   */
  async #ask(item: Selected, worker: PoolWorker, control: boolean): Promise<{ reply?: SettledReply; worker: PoolWorker | undefined }> {
    const { id, backend } = item.declared;
    const bundle = item.bundle ? { bundle: item.bundle } : {};
    const reply = await worker.run({ type: 'case', id, backend, seed: this.#options.seed, control, ...bundle }, this.#limitOf(item));
    if (reply.type === 'aborted') return { worker };
    if (isLoss(reply) && this.#crashes > (this.#crashesBefore.get(worker) ?? 0) && this.#mayRepeat(item)) {
      this.#queue.unshift(item);
      worker.terminate();
      return { worker: await this.#restartWorker() };
    }
    return { reply, worker: await this.#restore(item, reply, worker) };
  }

  async #restore(item: Selected, reply: SettledReply, worker: PoolWorker): Promise<PoolWorker | undefined> {
    if (reply.type === 'dead') return this.#restartWorker();
    if (reply.type === 'timeout') {
      worker.terminate();
      this.#listen({ type: 'hang', id: item.declared.id });
      if (this.#host.onHang) {
        this.#crashes++;
        await this.#host.onHang(item.declared.id);
        this.#crashes++;
      }
      return this.#restartWorker();
    }
    if (reply.type !== 'done' || !reply.deviceLost) return worker;
    try {
      const crashes = this.#crashes;
      await worker.renewDevice();
      this.#crashesBefore.set(worker, crashes);
      return worker;
    } catch {
      worker.terminate();
      return this.#restartWorker();
    }
  }

  #mayRepeat(item: Selected): boolean {
    const losses = (this.#innocentLosses.get(item) ?? 0) + 1;
    this.#innocentLosses.set(item, losses);
    return losses <= MAX_INNOCENT_LOSSES;
  }

  #limitOf({ declared }: Selected): number {
    return this.#options.timeoutMs ?? declared.timeoutMs;
  }

  #finish(result: CaseResult): void {
    this.#results.push(result);
    const [done, total] = [this.#results.length, this.#selected.length];
    const remainingMs = ((performance.now() - this.#started) / done) * (total - done);
    this.#listen({ type: 'case-end', result, done, total, remainingMs });
  }

  /** Cases that no worker is left for. */
  #loseTheRest(): void {
    const reply = { type: 'dead', reason: 'no device could be had any more' } as const;
    for (const item of this.#queue.splice(0)) this.#finish({ ...outcomeOf(item.declared, reply, 0), env: 0, attempts: 0 });
  }

  /** Index of an environment in the report; workers may get different adapters, as after a crash. */
  #indexOf(environment: Environment): number {
    const text = JSON.stringify(environment);
    const known = this.#environments.findIndex((other) => JSON.stringify(other) === text);
    return known < 0 ? this.#environments.push(environment) - 1 : known;
  }

  async #startWorker(): Promise<PoolWorker> {
    const crashes = this.#crashes;
    const worker = await PoolWorker.start(this.#host.startWorker, this.#host.signal);
    this.#crashesBefore.set(worker, crashes);
    this.#indexOf(worker.environment);
    return worker;
  }

  async #restartWorker(): Promise<PoolWorker | undefined> {
    for (const delay of RESTART_DELAYS_MS) {
      await new Promise((resolve) => setTimeout(resolve, delay));
      if (this.#aborted) return undefined;
      try {
        return await this.#startWorker();
      } catch (error) {
        if (!(error instanceof UnusableError)) throw new Error(messageOf(error), { cause: error });
      }
    }
    return undefined;
  }
}

type SettledReply = Exclude<Reply, { type: 'aborted' }>;

function settled(outcome: CaseOutcome | undefined, attempts: number, retries: number): boolean {
  return outcome !== undefined && (outcome.status === 'pass' || outcome.status === 'skip' || attempts > retries);
}

/** Whether a reply shows nothing but that device or worker went away. */
function isLoss(reply: Reply): boolean {
  return reply.type === 'dead' || reply.type === 'timeout' || (reply.type === 'done' && reply.outcome.status === 'lost');
}

/** Red is a failed assertion; a compile error, an exception or a time-out shows nothing about the case and is green. */
function withControl(outcome: CaseOutcome, fault: string, reply: SettledReply): CaseOutcome {
  if (reply.type === 'done' && reply.outcome.status === 'fail') return { ...outcome, control: { fault, status: 'red' } };
  const instead = reply.type !== 'done' ? reply.type : (reply.outcome.error?.message ?? `status ${reply.outcome.status}`);
  const finding = { code: FINDINGS.greenControl, message: `must fail when ${fault}, and did not: ${instead}` };
  return { ...outcome, control: { fault, status: 'green' }, finding: outcome.finding ?? finding };
}
