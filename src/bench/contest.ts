import { GradproofError, messageOf } from '../errors.ts';
import { DeviceLostError } from '../gpu/gpu.ts';
import { OutOfMemoryError } from '../gpu/memory.ts';
import { CaptureError } from '../gpu/trace.ts';
import type { Call, Results } from '../graph/call.ts';
import { median } from '../report/median.ts';
import type { HostTensor } from '../tensor/host.ts';
import { AssertionError } from '../testing/context.ts';
import { coarserOf } from './coarser-functions.ts';
import { type Coarser, type Contender, OURS, type PreparedWork } from './contender.ts';
import { drawnCall } from './drawn.ts';
import { Entry, type Right } from './entry.ts';
import type { BenchHost, BenchResult } from './host.ts';
import { CallOracle, type Verdict } from './oracle.ts';
import { type Pause, pauseOf } from './pause.ts';
import { putAway } from './put-away.ts';
import { wantedSettings } from './settings.ts';
import { someRows } from './some-rows.ts';
import { GenerationOracle } from './steps/generation-oracle.ts';
import { StepOracle } from './steps/oracle.ts';
import type { OpWork, Work } from './work.ts';

/** Of many settings those race first that take at most so many times as long as the fastest. */
const NEAR = 1.15;
const MANY = 3;

/** A device told an error that nothing caught: what it computed then is not known. */
class UncapturedGpuError extends GradproofError {
  constructor(message: string) {
    super('gpu-uncaptured', `the device told an error that nothing caught: ${message}`);
  }
}

/** Why a contender is not timed. */
export type Refusal = Pick<BenchResult, 'status'> & Partial<Pick<BenchResult, 'error' | 'skip'>>;

/** How a contender does at one work. */
export interface Candidate {
  readonly contender: Contender;
  /** Its fastest settings, each judged and right. */
  entries: Entry[];
  /** Variants that it does not choose, each judged and right: see {@link Contender.variantsFor}. */
  readonly variants: Entry[];
  /** What each setting took that was tried. */
  readonly tried: Record<string, number>;
  /** Of every setting that was tried, what it told. */
  readonly metrics: Record<string, number>;
  readonly kernels: Set<string>;
  /** Settings whose results are wrong, in words; those that are right were timed. */
  readonly wrong: string[];
  refusal: Refusal | undefined;
  /** Milliseconds that it was busy, the oracle not counted. */
  busyMs: number;
}

/** What bench knows of a work: what it should give, computed once for all contenders. */
class Oracles {
  readonly #work: Work;
  readonly #pause: Pause;
  readonly #calls = new Map<Call<HostTensor>, JudgeOfCall>();
  #steps: StepOracle | undefined;
  #generation: GenerationOracle | undefined;

  constructor(work: Work, pause: Pause) {
    this.#work = work;
    this.#pause = pause;
  }

  /** Throws AssertionError, and what ends a pause between the parts of what is computed. */
  async judge(
    prepared: PreparedWork,
    results: Results<HostTensor>,
    coarser: Coarser | undefined,
  ): Promise<Verdict> {
    const work = this.#work;
    if (work.kind === 'step') {
      this.#steps ??= new StepOracle(work, this.#pause);
      return await this.#steps.judge(results);
    }
    if (work.kind === 'generation') {
      this.#generation ??= new GenerationOracle(work, this.#pause);
      return await this.#generation.judge(results);
    }
    if (work.kind === 'ceiling') throw new TypeError(`${work.id} has no oracle`);
    const call = prepared.judgedAs ?? drawnCall(work);
    const judge = this.#calls.get(call) ?? judgeOf(call, work);
    this.#calls.set(call, judge);
    return await judge(results, coarser, this.#pause);
  }
}

type JudgeOfCall = (
  results: Results<HostTensor>,
  coarser: Coarser | undefined,
  pause: Pause,
) => Promise<Verdict>;

/** Judges the results of a call, or those of its rows that the work asks for. */
function judgeOf(call: Call<HostTensor>, { judgedRows }: OpWork): JudgeOfCall {
  const part = judgedRows === undefined ? undefined : someRows(call, judgedRows);
  const oracle = new CallOracle(part?.call ?? call);
  return async (results, coarser, pause) => {
    await oracle.learn(pause);
    return oracle.judge(part?.cut(results) ?? results, coarser);
  };
}

/** A work with all who try it. */
export class Contest {
  readonly work: Work;
  readonly #host: BenchHost;
  readonly #oracles: Oracles;

  constructor(work: Work, host: BenchHost) {
    this.work = work;
    this.#host = host;
    this.#oracles = new Oracles(work, pauseOf(host.signal));
  }

  /**
   * Prepares, judges and tries every setting of a contender, and keeps the fastest. Ours is refused
   * where any setting is wrong, a library where none is right. Never throws.
   */
  async candidate(contender: Contender): Promise<Candidate> {
    const candidate: Candidate = {
      contender,
      entries: [],
      variants: [],
      tried: {},
      metrics: {},
      kernels: new Set(),
      wrong: [],
      refusal: undefined,
      busyMs: 0,
    };
    if (this.work.isLarge && this.#host.isProcessor) return { ...candidate, refusal: TOO_LARGE };
    if (contender.unopened)
      return { ...candidate, refusal: { status: 'fail', error: contender.unopened } };
    const settings = contender.settingsFor(this.work);
    if ('reason' in settings) {
      const skip = { code: 'not-implemented', detail: settings.reason };
      return { ...candidate, refusal: { status: 'skip', skip } };
    }
    const { options } = this.#host;
    const own = wantedSettings(settings, options.settings[contender.name]);
    const variants = options.variants ? (contender.variantsFor?.(this.work) ?? []) : [];
    let first: unknown;
    for (const setting of [...own, ...variants]) {
      try {
        const entry = await this.#try(candidate, setting);
        if (!variants.includes(setting)) candidate.entries.push(entry);
        else if (isAnother(entry, candidate)) candidate.variants.push(entry);
        else {
          delete candidate.tried[setting];
          await putAway([entry]);
        }
      } catch (error) {
        if (this.#host.signal.aborted) break; // what ended it says nothing of the setting
        first ??= error;
        noteWrong(candidate, setting, error);
      }
      if (this.#host.signal.aborted) break;
    }
    if (candidate.entries.length === 0)
      candidate.refusal ??= this.#host.signal.aborted ? ABORTED : refusalOf(first);
    await this.#keepFastest(candidate);
    return candidate;
  }

  /**
   * Prepares anew, judges and tries the settings that had left the race, though they took less when
   * they were tried than what was raced. Returns what is to be raced once more: these, and the best
   * that they may replace. No setting returns twice. Never throws.
   */
  async readmit(candidate: Candidate): Promise<readonly Entry[]> {
    const { entries, variants, tried } = candidate;
    const best = candidate.refusal ? undefined : bestOf(candidate);
    if (!best) return [];
    const raced = new Set([...entries, ...variants].map(({ right }) => right.setting));
    const faster = Object.keys(tried).filter(
      (setting) => !raced.has(setting) && (tried[setting] as number) < best.medianMs,
    );
    for (const setting of faster) {
      if (this.#host.signal.aborted || candidate.refusal) break;
      try {
        entries.push(await this.#try(candidate, setting));
      } catch (error) {
        delete tried[setting];
        noteWrong(candidate, setting, error);
      }
    }
    const more = entries.filter(({ right }) => !raced.has(right.setting));
    return more.length > 0 && !candidate.refusal ? [best, ...more] : [];
  }

  /** Throws what a device told while a contender was busy. */
  checkGpu(): void {
    const error = this.#host.takeGpuError?.();
    if (error !== undefined) throw new UncapturedGpuError(error);
  }

  async #try(candidate: Candidate, setting: string): Promise<Entry> {
    const { now, options } = this.#host;
    const started = now();
    const prepared = await candidate.contender.prepare(this.work, setting);
    let isKept = false;
    try {
      const { contender } = candidate;
      const coarser = coarserOf(contender, prepared, this.work);
      const judged = await this.#judged(prepared, started, coarser);
      const { coldMs } = judged;
      const right: Right = { contender, setting, prepared, coarser, ...judged };
      const before = now();
      const entry = await Entry.tried(right, options, now);
      this.checkGpu();
      candidate.busyMs += coldMs + now() - before;
      candidate.tried[setting] = entry.triedMs;
      isKept = true;
      return entry;
    } finally {
      if (!isKept) await putAway([prepared]); // what it threw counts
    }
  }

  /** The first results, judged; the time until they were there is without the oracle's. */
  async #judged(
    prepared: PreparedWork,
    started: number,
    coarser: Coarser | undefined,
  ): Promise<Pick<Right, 'verdict' | 'coldMs'>> {
    const { now } = this.#host;
    if (prepared.check) {
      const compared = await prepared.check();
      this.checkGpu();
      return { verdict: { compared, accuracy: undefined }, coldMs: now() - started };
    }
    const results = await prepared.results();
    const coldMs = now() - started;
    this.checkGpu();
    return { verdict: await this.#oracles.judge(prepared, results, coarser), coldMs };
  }

  async #keepFastest(candidate: Candidate): Promise<void> {
    const { entries } = candidate;
    const least = Math.min(...entries.map(({ triedMs }) => triedMs));
    if (candidate.refusal) await putAway(candidate.variants.splice(0));
    if (candidate.refusal) candidate.entries = [];
    else if (entries.length >= MANY)
      candidate.entries = entries.filter(({ triedMs }) => triedMs <= NEAR * least);
    for (const entry of entries) {
      tellOf(candidate, entry);
      if (candidate.entries.includes(entry)) continue;
      const error = await putAway([entry]);
      if (error) candidate.wrong.push(`${entry.right.setting}: ${messageOf(error)}`);
    }
  }
}

/** Takes over that a setting is wrong, or broke. */
function noteWrong(candidate: Candidate, setting: string, error: unknown): void {
  candidate.wrong.push(`${setting}: ${messageOf(error)}`);
  if (OURS.includes(candidate.contender.name) && !isUnsupported(error))
    candidate.refusal ??= refusalOf(error, `${setting}: `);
}

/** Whether a variant runs other kernels than the choice: for some works one is the other. */
function isAnother({ right: { prepared } }: Entry, { entries }: Candidate): boolean {
  const kernels = prepared.kernels?.().join();
  return entries.every((entry) => entry.right.prepared.kernels?.().join() !== kernels);
}

/** Takes over what a setting tells of itself. */
export function tellOf(candidate: Candidate, { right: { prepared } }: Entry): void {
  Object.assign(candidate.metrics, prepared.metrics?.());
  for (const kernel of prepared.kernels?.() ?? []) candidate.kernels.add(kernel);
}

/** The fastest entry of a candidate after the rounds; undefined where none was timed. */
export function bestOf({ entries }: Candidate): Entry | undefined {
  return entries
    .filter(({ samples }) => samples.length > 0)
    .toSorted((a, b) => a.medianMs - b.medianMs)[0];
}

/** What each setting took: in the rounds, or when it was tried. */
export function triedOf({ tried, entries, variants }: Candidate): Record<string, number> {
  const timed = [...entries, ...variants].filter(({ samples }) => samples.length > 0);
  return {
    ...tried,
    ...Object.fromEntries(timed.map(({ right, samples }) => [right.setting, median(samples)])),
  };
}

const TOO_LARGE: Refusal = {
  status: 'skip',
  skip: { code: 'slow-adapter', detail: 'it would take a processor too long' },
};

const ABORTED: Refusal = {
  status: 'skip',
  skip: { code: 'interrupted', detail: 'the run was interrupted' },
};

/** Whether a setting cannot do the work here, which says nothing of what it would compute. */
function isUnsupported(thrown: unknown): boolean {
  return thrown instanceof CaptureError || thrown instanceof OutOfMemoryError;
}

/** What an exception means for a contender; `where` it was stands before its message. */
export function refusalOf(thrown: unknown, where = ''): Refusal {
  const code = thrown instanceof GradproofError ? thrown.code : 'exception';
  const message = `${where}${messageOf(thrown)}`;
  if (thrown instanceof DeviceLostError) return { status: 'lost', error: { code, message } };
  if (!(thrown instanceof AssertionError)) return { status: 'error', error: { code, message } };
  return { status: 'fail', error: { code, message, ...(thrown.at ? { at: thrown.at } : {}) } };
}
