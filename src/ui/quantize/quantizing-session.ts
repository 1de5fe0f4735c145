import { messageOf } from '../../errors.ts';
import type { ChoosingEvent } from '../../harness/choosing.ts';
import type { WeightSource } from '../../quantizer/choosing/weight-source.ts';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import { harness } from '../app/harness.ts';
import { computes } from '../controls/computing.ts';
import { bytesOf } from '../controls/file-bytes.ts';
import type { Notice } from '../controls/notice.ts';
import { Observable } from '../controls/observable.ts';
import type { History } from '../history/history.ts';
import { quantizingWords } from './quantizing.en.ts';
import { type QuantizingState, UNMEASURED } from './quantizing-state.ts';

/** Weights of a file. */
export interface FileOfWeights {
  readonly name: string;
  readonly bytes: number;
  readonly weights: readonly WeightSource[];
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
      const [{ readSafetensors }, { weightsOfFile }] = await Promise.all([
        import('../../formats/safetensors.ts'),
        import('../../quantizer/choosing/weights-of-file.ts'),
      ]);
      try {
        const weights = weightsOfFile(readSafetensors(bytes), SEED);
        this.file.value = { name: file.name, bytes: bytes.byteLength, weights };
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
    try {
      const { cases, startWorker, measureSchemes } = await harness();
      const [{ schemesOf }, { smallBlock }] = await Promise.all([
        import('../../quantizer/choosing/schemes.ts'),
        import('../../quantizer/choosing/small-block.ts'),
      ]);
      const weights = this.file.value?.weights ?? smallBlock(SEED);
      const schemes = schemesOf(() => true, each);
      const { report, measured } = await measureSchemes(
        { cases, startWorker },
        { weights, schemes, seed: SEED },
        (event) => this.#follow(event),
        abort.signal,
      );
      this.state.value = { ...this.state.value, phase: 'ended', measured, report };
      if (report.results.length > 0) await this.#history.keep(report);
    } catch (error) {
      this.state.value = { ...this.state.value, phase: 'failed', problem: messageOf(error) };
    } finally {
      this.#abort = undefined;
    }
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
