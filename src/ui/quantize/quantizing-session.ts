import { messageOf } from '../../errors.ts';
import type { Safetensors } from '../../formats/safetensors.ts';
import type { WeightsForm } from '../../harness/choosing/saved-weights.ts';
import type { ChoosingEvent, ChoosingOutcome } from '../../harness/choosing.ts';
import { whyNotSaved } from '../../quantizer/choosing/measured.ts';
import type { WholeChoice } from '../../quantizer/choosing/schemes.ts';
import type { WeightSource } from '../../quantizer/choosing/weight-source.ts';
import type { LeftOut } from '../../quantizer/choosing/weights-of-file.ts';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import type { Report } from '../../report/schema.ts';
import { schemeWords } from '../../report/scheme-plot.ts';
import { harness } from '../app/harness.ts';
import { computes } from '../controls/computing.ts';
import { downloadFile } from '../controls/download.ts';
import { bytesOf } from '../controls/file-bytes.ts';
import type { Notice } from '../controls/notice.ts';
import { Observable } from '../controls/observable.ts';
import type { History } from '../history/history.ts';
import { quantizingWords } from './quantizing.en.ts';
import { type QuantizingState, type Saved, UNMEASURED } from './quantizing-state.ts';

/** Weights of a file. */
export interface FileOfWeights {
  readonly name: string;
  readonly bytes: number;
  readonly file: Safetensors;
  readonly weights: readonly WeightSource[];
  /** What of it is not quantized whatever the method. */
  readonly leftOut: readonly LeftOut[];
}

/** The one measurement of quantizers of the page. */
export class QuantizingSession {
  readonly state: Observable<QuantizingState>;
  /** What was dropped or chosen; without it weights are drawn. */
  readonly file = new Observable<FileOfWeights | undefined>(undefined);
  readonly #history: History;
  readonly #notice: Notice;
  #abort: AbortController | undefined;

  /** `state` is there before the session: the page tells of a measurement. */
  constructor(state: Observable<QuantizingState>, history: History, notice: Notice) {
    this.state = state;
    this.#history = history;
    this.#notice = notice;
  }

  /** Takes weights; a file without any is refused in one line, and what was there stays. */
  async take(file: File): Promise<void> {
    if (computes(this.state.value)) return;
    await this.#notice.during(async () => {
      const bytes = await bytesOf(file, 'recording');
      const { fileOfWeights, leftOutOf, weightsOfFile } = await import(
        '../../quantizer/choosing/weights-of-file.ts'
      );
      try {
        const read = fileOfWeights(file.name, bytes);
        const weights = weightsOfFile(read, SEED);
        this.file.value = {
          ...{ name: file.name, bytes: bytes.byteLength, file: read, weights },
          leftOut: leftOutOf(read),
        };
        this.state.value = UNMEASURED;
      } catch (error) {
        throw new Error(quantizingWords().noWeights(file.name, messageOf(error)));
      }
    });
  }

  /** Goes back to drawn weights. */
  forget(): void {
    this.file.value = undefined;
    this.state.value = UNMEASURED;
  }

  /** Measures every method; resolves when that has ended, however it did. */
  async start(each: boolean): Promise<void> {
    if (this.#abort) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.state.value = { ...UNMEASURED, phase: 'starting' };
    let report: Report | undefined;
    try {
      const outcome = await this.#measured(each, abort.signal).finally(() => {
        this.#abort = undefined;
      });
      ({ report } = outcome);
      this.state.value = {
        ...{ ...this.state.value, phase: 'ended', report },
        measured: outcome.measured,
      };
    } catch (error) {
      this.state.value = { ...this.state.value, phase: 'failed', problem: messageOf(error) };
    }
    if (report && report.results.length > 0) await this.#history.keep(report);
  }

  async #measured(each: boolean, signal: AbortSignal): Promise<ChoosingOutcome> {
    const { cases, startWorker, measureSchemes } = await harness();
    const { schemesOf } = await import('../../quantizer/choosing/schemes.ts');
    const weights = await this.#weights();
    return await measureSchemes(
      { cases, startWorker },
      { weights, schemes: schemesOf(() => true, each), seed: SEED },
      (event) => this.#follow(event),
      signal,
    );
  }

  /**
   * Quantizes the weights that were measured by this scheme and hands them over as a file, as the
   * terminal writes it; resolves when that has ended, however it did. What was measured stays.
   */
  async save(scheme: WholeChoice): Promise<void> {
    if (this.#abort) return;
    const abort = new AbortController();
    this.#abort = abort;
    const { saved: _, ...before } = this.state.value;
    this.state.value = { ...before, phase: 'saving', done: 0, total: 0 };
    let saved: Saved;
    try {
      saved = await this.#saved(scheme, abort.signal);
    } catch (error) {
      saved = { kind: 'failed', problem: messageOf(error) };
    } finally {
      this.#abort = undefined;
    }
    this.state.value = { ...before, saved };
  }

  async #saved(scheme: WholeChoice, signal: AbortSignal): Promise<Saved> {
    const { cases, startWorker, measureSchemes, saving, isOfGguf } = await harness();
    const { hasWeights, requireSavable, savedWeights } = saving;
    const weights = await this.#weights();
    const given = this.file.value;
    const of = { file: given?.file, weights, scheme };
    const form = isOfGguf(scheme.method) ? 'gguf' : 'safetensors';
    requireSavable(of, form);
    const outcome = await measureSchemes(
      { cases, startWorker },
      { weights, schemes: [scheme], seed: SEED, save: true },
      (event) => {
        if (event.type !== 'measured') return;
        const { done, total } = event;
        this.state.value = { ...this.state.value, done, total };
      },
      signal,
    );
    if (signal.aborted) return { kind: 'cancelled' };
    const { report, measured, stored } = outcome;
    const [why] = measured.flatMap((one) => whyNotSaved(one) ?? []);
    if (!hasWeights(outcome)) {
      const broken = report.results.find(({ error }) => error)?.error?.message;
      return { kind: 'failed', problem: broken ?? why ?? '' };
    }
    const parts = savedWeights(outcome, of, form);
    const name = fileName(given?.name ?? 'drawn', scheme, form);
    // A file takes no bytes that workers share, and these are none.
    const file = new File([...parts] as BlobPart[], name);
    downloadFile(file);
    return {
      ...{ kind: 'file', name, bytes: file.size, layers: weights.length },
      quantized: stored.length,
      ...(why === undefined ? {} : { why }),
    };
  }

  async #weights(): Promise<readonly WeightSource[]> {
    if (this.file.value) return this.file.value.weights;
    const { smallBlock } = await import('../../quantizer/choosing/small-block.ts');
    return smallBlock(SEED);
  }

  /** Ends it; what is measured stays. */
  cancel(): void {
    this.#abort?.abort();
  }

  #follow(event: ChoosingEvent): void {
    if (event.type !== 'measured') return;
    const { done, total, measured } = event;
    const all = [...this.state.value.measured, measured];
    const tookMs = all.reduce((sum, one) => sum + one.tookMs, 0);
    const remainingMs = (tookMs / done) * (total - done);
    this.state.value = { phase: 'running', done, total, remainingMs, measured: all };
  }
}

const SEED = DEFAULT_RUN_OPTIONS.seed;

/** `mine-nf4-g64.safetensors` */
const fileName = (of: string, scheme: WholeChoice, form: WeightsForm): string =>
  `${of.replace(/\.safetensors$/, '')}-${schemeWords({ scheme }).replaceAll(' ', '-')}.${form}`;
