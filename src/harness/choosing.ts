import type { Measured } from '../quantizer/choosing/measured.ts';
import type { WholeChoice } from '../quantizer/choosing/schemes.ts';
import type { StoredLayer } from '../quantizer/choosing/stored.ts';
import type { WeightSource } from '../quantizer/choosing/weight-source.ts';
import { buildReport } from '../report/build.ts';
import { planHash, planText } from '../report/plan.ts';
import type { Environment, Report } from '../report/schema.ts';
import { outcomeOfMeasured, outcomeWithout } from './choosing/result.ts';
import { UnusableError } from './runner/unusable.ts';
import type { RunnerHost } from './runner.ts';
import type { CaseOutcome, FromWorker, WorkerLink } from './worker/messages.ts';

/** What is to be quantized, and by what. */
export interface ChoosingRequest {
  readonly weights: readonly WeightSource[];
  readonly schemes: readonly WholeChoice[];
  readonly seed: number;
  /** Give the parts too; one scheme is asked for then. Default not. */
  readonly save?: boolean;
}

/** What happens while it goes on: the environment, then each measurement. */
export type ChoosingEvent =
  | { readonly type: 'environment'; readonly environment: Environment }
  | {
      readonly type: 'measured';
      readonly measured: Measured;
      readonly done: number;
      readonly total: number;
    };

export type ChoosingListener = (event: ChoosingEvent) => void;

/** All that was measured. */
export interface ChoosingOutcome {
  readonly report: Report;
  readonly measured: readonly Measured[];
  /** With `save`, the layers that were quantized. */
  readonly stored: readonly StoredLayer[];
}

/** Longest silence of a worker, which speaks after each scheme. Milliseconds. */
const SILENCE_MS = 600_000;

/**
 * Quantizes each weight by each scheme in a worker of its own; the report is of kind `run` and in no
 * plan. When `signal` aborts, the worker ends at once and what was measured stays (`complete:
 * false`); so where it dies, with one result `lost` or `timeout`. Throws UnusableError when there is
 * no device.
 */
export async function measureSchemes(
  host: Pick<RunnerHost, 'cases' | 'startWorker'>,
  request: ChoosingRequest,
  listen: ChoosingListener,
  signal?: AbortSignal,
): Promise<ChoosingOutcome> {
  const { seed } = request;
  const options = { tier: 'full', filters: [], shard: { index: 1, count: 1 }, seed } as const;
  const identity = {
    kind: 'run',
    startedAt: new Date(),
    options,
    planHash: await planHash(planText(host.cases.values())),
  } as const;
  const conversation = new Conversation(host.startWorker(), request, listen);
  const { environment, measured, stored, broken } = await conversation.hold(signal);
  const outcomes = [
    ...measured.map((one, place) => outcomeOfMeasured(one, askedAt(request, place).weight)),
    ...(broken ? [broken] : []),
  ];
  const results = outcomes.map((outcome) => ({ ...outcome, env: 0, attempts: 1 }));
  const complete = measured.length === totalOf(request);
  const environments = environment ? [environment] : [];
  return { report: buildReport(identity, environments, results, complete), measured, stored };
}

/** The weight and the scheme of the measurement at a place in their order. */
const askedAt = ({ weights, schemes }: ChoosingRequest, place: number) => ({
  weight: weights[Math.floor(place / schemes.length)] as WeightSource,
  scheme: schemes[place % schemes.length] as WholeChoice,
});

const totalOf = ({ weights, schemes }: ChoosingRequest) => weights.length * schemes.length;

/** What was said until the talk ended. */
interface Said {
  environment?: Environment;
  readonly measured: Measured[];
  readonly stored: StoredLayer[];
  /** The result at which the worker went away. */
  broken?: CaseOutcome;
}

/** One talk with a worker, which is given one weight after another. */
class Conversation {
  readonly #link: WorkerLink;
  readonly #request: ChoosingRequest;
  readonly #listen: ChoosingListener;
  readonly #said: Said = { measured: [], stored: [] };
  readonly #ended: Promise<void>;
  #resolve: () => void = () => {};
  #reject: (error: UnusableError) => void = () => {};
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(link: WorkerLink, request: ChoosingRequest, listen: ChoosingListener) {
    this.#link = link;
    this.#request = request;
    this.#listen = listen;
    this.#ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  async hold(signal: AbortSignal | undefined): Promise<Said> {
    const cancel = () => this.#resolve();
    this.#link.onMessage((message) => this.#hear(message));
    this.#link.onDeath(({ code, reason }) => this.#break('lost', code, reason));
    signal?.addEventListener('abort', cancel);
    this.#wait();
    this.#link.post({ type: 'start' });
    if (signal?.aborted) cancel();
    try {
      await this.#ended;
      return this.#said;
    } finally {
      clearTimeout(this.#silence);
      signal?.removeEventListener('abort', cancel);
      this.#link.terminate();
    }
  }

  #hear(message: FromWorker): void {
    this.#wait();
    if (message.type === 'ready') {
      const { environment } = message;
      this.#said.environment = environment;
      this.#listen({ type: 'environment', environment });
      this.#next();
    } else if (message.type === 'quantized') {
      const { measured, stored } = this.#said;
      measured.push(message.measured);
      if (message.stored) stored.push(message.stored);
      const done = measured.length;
      const total = totalOf(this.#request);
      this.#listen({ type: 'measured', measured: message.measured, done, total });
      if (done === total) this.#resolve();
      else if (done % this.#request.schemes.length === 0) this.#next();
    } else if (message.type === 'unusable') {
      this.#break('error', message.code, message.message);
    }
  }

  /** Sends the next weight, with no more of the file than its own bytes. */
  #next(): void {
    const { schemes, save = false } = this.#request;
    const { weight } = askedAt(this.#request, this.#said.measured.length);
    const { stored, activations, ...rest } = weight;
    const source = {
      ...rest,
      ...(stored ? { stored: { ...stored, bytes: stored.bytes.slice() } } : {}),
      ...(activations ? { activations: { ...activations, bytes: activations.bytes.slice() } } : {}),
    };
    this.#link.post({ type: 'quantize', source, schemes, save });
  }

  #wait(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(
      () => this.#break('timeout', 'timeout', `no word from the worker for ${SILENCE_MS} ms`),
      SILENCE_MS,
    );
  }

  #break(status: CaseOutcome['status'], code: string, message: string): void {
    if (!this.#said.environment) {
      this.#reject(new UnusableError(code, message));
      return;
    }
    const { weight, scheme } = askedAt(this.#request, this.#said.measured.length);
    this.#said.broken = { ...outcomeWithout(weight, scheme, 0), status, error: { code, message } };
    this.#resolve();
  }
}
