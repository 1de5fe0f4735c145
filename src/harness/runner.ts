import { GradproofError } from '../errors.ts';
import type { Case } from '../testing/suite.ts';
import type { RunListener, RunOptions } from './events.ts';
import { planEntry, planHash, planText, select } from './plan.ts';
import { buildReport, type RunIdentity } from './report/build.ts';
import type { CaseResult, Environment, Report } from './report/schema.ts';
import type { CaseOutcome, FromWorker, WorkerLink } from './worker/messages.ts';

/** No case is left after tier, filters and shard. */
export class EmptySelectionError extends GradproofError {
  constructor(filters: readonly string[]) {
    super('no-such-case', `no case matches ${filters.map((f) => `"${f}"`).join(', ') || 'the tier'}: see --list for the ids`);
  }
}

/** No worker could get a device. */
export class UnusableError extends GradproofError {}

/** What the runner needs from where it runs. */
export interface RunnerHost {
  readonly cases: ReadonlyMap<string, Case>;
  readonly startWorker: () => WorkerLink;
  /** Called when a case outlives its limit and a new worker is needed; headless, it crashes the GPU process. */
  readonly onHang?: (id: string) => Promise<void>;
  readonly signal?: AbortSignal;
}

/** Extra time for a worker's start: device, probe, first pipelines. */
const START_TIMEOUT_MS = 30_000;

/**
 * Runs the selected cases over a pool of workers, each with a device of its own, and returns the report. A worker that dies or
 * outlives a case's limit costs that case and is replaced. When `signal` aborts, the report is partial and `complete` is false.
 * Throws {@link EmptySelectionError}, or {@link UnusableError} when no worker gets a device.
 */
export async function run(host: RunnerHost, options: RunOptions, listen: RunListener): Promise<Report> {
  const selected = select(host.cases.values(), options);
  if (selected.length === 0) throw new EmptySelectionError(options.filters);
  const identity: RunIdentity = { kind: 'run', startedAt: new Date(), options, planHash: await planHash(planText(host.cases.values())) };
  return new Run(host, options, listen, selected, identity).execute();
}

class Run {
  readonly #host: RunnerHost;
  readonly #options: RunOptions;
  readonly #listen: RunListener;
  readonly #selected: readonly Case[];
  readonly #identity: RunIdentity;
  readonly #queue: Case[];
  readonly #results: CaseResult[] = [];
  readonly #started = performance.now();
  #environment: Environment | undefined;

  constructor(host: RunnerHost, options: RunOptions, listen: RunListener, selected: readonly Case[], identity: RunIdentity) {
    this.#host = host;
    this.#options = options;
    this.#listen = listen;
    this.#selected = selected;
    this.#identity = identity;
    this.#queue = [...selected];
  }

  async execute(): Promise<Report> {
    const first = await this.#startWorker();
    const environment = first.environment;
    this.#environment = environment;
    this.#listen({ type: 'start', environment, selected: this.#selected.map(planEntry), planHash: this.#identity.planHash });
    const others = Array.from({ length: Math.min(this.#options.workers, this.#selected.length) - 1 }, () => this.#startWorker());
    await Promise.all([this.#drain(first), ...others.map(async (worker) => this.#drain(await worker))]);
    const complete = this.#results.length === this.#selected.length;
    const report = buildReport(this.#identity, [environment], this.#results, complete);
    this.#listen({ type: 'end', report });
    return report;
  }

  async #drain(initial: ReadyWorker): Promise<void> {
    let worker = initial;
    try {
      for (let next = this.#queue.shift(); next && !this.#host.signal?.aborted; next = this.#queue.shift()) {
        this.#listen({ type: 'case-start', id: next.id, backend: next.backend });
        const { outcome, attempts, replacement } = await this.#runWithRetries(next, worker);
        worker = replacement ?? worker;
        if (this.#host.signal?.aborted) return;
        const controlled = this.#options.controls && outcome.status === 'pass' ? await this.#runControl(next, worker) : undefined;
        worker = controlled?.replacement ?? worker;
        this.#finish({ ...outcome, ...(controlled ? { control: controlled.control } : {}), env: 0, attempts });
      }
    } finally {
      worker.link.terminate();
    }
  }

  #finish(result: CaseResult): void {
    this.#results.push(result);
    const [done, total] = [this.#results.length, this.#selected.length];
    const remainingMs = ((performance.now() - this.#started) / done) * (total - done);
    this.#listen({ type: 'case-end', result, done, total, remainingMs });
  }

  async #runWithRetries(
    declared: Case,
    worker: ReadyWorker,
  ): Promise<{ outcome: CaseOutcome; attempts: number; replacement?: ReadyWorker }> {
    let current = worker;
    for (let attempts = 1; ; attempts++) {
      const outcome = await this.#runOnce(declared, current);
      if (outcome.status === 'timeout' || outcome.status === 'lost') current = await this.#replace(current, declared, outcome.status);
      if (outcome.status === 'pass' || outcome.status === 'skip' || attempts > this.#options.retries || this.#host.signal?.aborted) {
        return { outcome, attempts, ...(current === worker ? {} : { replacement: current }) };
      }
    }
  }

  /** Red is a failed assertion; a compile error, an exception or a time-out shows nothing about the case and is green. */
  async #runControl(declared: Case, worker: ReadyWorker): Promise<{ control: CaseResult['control']; replacement?: ReadyWorker }> {
    const { status } = await this.#runOnce(declared, worker, true);
    const hung = status === 'timeout' || status === 'lost';
    return {
      control: { fault: declared.control.name, status: status === 'fail' ? 'red' : 'green' },
      ...(hung ? { replacement: await this.#replace(worker, declared, status) } : {}),
    };
  }

  async #runOnce(declared: Case, { link, inbox }: ReadyWorker, control = false): Promise<CaseOutcome> {
    const started = performance.now();
    const limit = this.#options.timeoutMs ?? declared.timeoutMs;
    link.post({ type: 'case', id: declared.id, backend: declared.backend, seed: this.#options.seed, control });
    const answer = await inbox.next(limit, this.#host.signal);
    if (answer.type === 'done') return answer.outcome;
    const durationMs = performance.now() - started;
    const [status, code, message] =
      answer.type === 'timeout'
        ? (['timeout', 'timeout', `no result within ${limit} ms`] as const)
        : answer.type === 'dead'
          ? (['lost', 'worker-died', answer.reason] as const)
          : ([
              'error',
              answer.type === 'unusable' ? answer.code : 'protocol',
              answer.type === 'unusable' ? answer.message : 'unexpected answer',
            ] as const);
    const { id, suite, backend, covers, tier } = declared;
    return {
      ...{ id, suite, backend, covers: [...covers], tier, status, durationMs, assertions: 0, kernels: [] },
      control: { fault: declared.control.name, status: 'not-run' },
      error: { code, message },
    };
  }

  async #replace(worker: ReadyWorker, declared: Case, why: 'timeout' | 'lost'): Promise<ReadyWorker> {
    worker.link.terminate();
    if (why === 'timeout') {
      this.#listen({ type: 'hang', id: declared.id });
      await this.#host.onHang?.(declared.id);
    }
    return this.#startWorker();
  }

  async #startWorker(): Promise<ReadyWorker> {
    const link = this.#host.startWorker();
    const inbox = new Inbox(link);
    link.post({ type: 'start' });
    const answer = await inbox.next(START_TIMEOUT_MS, this.#host.signal);
    if (answer.type === 'ready') return { link, inbox, environment: answer.environment };
    link.terminate();
    if (answer.type === 'unusable') throw new UnusableError(answer.code, answer.message);
    throw new UnusableError('no-device', answer.type === 'dead' ? answer.reason : `no device within ${START_TIMEOUT_MS} ms`);
  }
}

interface ReadyWorker {
  readonly link: WorkerLink;
  readonly inbox: Inbox;
  readonly environment: Environment;
}

type Answer = FromWorker | { readonly type: 'timeout' } | { readonly type: 'dead'; readonly reason: string } | { readonly type: 'aborted' };

/** The answers of one worker as promises: each request has one answer, or a time-out, or the worker's death. */
class Inbox {
  #deliver: ((answer: Answer) => void) | undefined;
  #dead: string | undefined;

  constructor(link: WorkerLink) {
    link.onMessage((message) => this.#deliver?.(message));
    link.onDeath((reason) => {
      this.#dead = reason;
      this.#deliver?.({ type: 'dead', reason });
    });
  }

  next(timeoutMs: number, signal?: AbortSignal): Promise<Answer> {
    if (this.#dead !== undefined) return Promise.resolve({ type: 'dead', reason: this.#dead });
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle({ type: 'timeout' }), timeoutMs);
      const abort = () => settle({ type: 'aborted' });
      const settle = (answer: Answer) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#deliver = undefined;
        resolve(answer);
      };
      this.#deliver = settle;
      signal?.addEventListener('abort', abort);
      if (signal?.aborted) abort();
    });
  }
}
