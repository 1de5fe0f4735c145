import { bridgeName } from '../../backends/bridge/name.ts';
import { messageOf } from '../../errors.ts';
import type { RunEvent } from '../../harness/events.ts';
import type { MatrixHost } from '../../harness/matrix.ts';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import { harness } from '../app/harness.ts';
import type { Observable } from '../controls/observable.ts';
import type { History } from '../history/history.ts';
import type { BridgeSession } from '../libraries/bridge-session.ts';
import { fetchRecordings } from '../libraries/recording-sets.ts';
import { type MatrixState, UNEXECUTED } from './matrix-state.ts';

/** The one matrix of the page. */
export class MatrixSession {
  readonly state: Observable<MatrixState>;
  readonly #bridge: BridgeSession;
  readonly #history: History;
  #abort: AbortController | undefined;

  /** `state` is there before the session: the page tells of a matrix in every view. */
  constructor(state: Observable<MatrixState>, bridge: BridgeSession, history: History) {
    this.state = state;
    this.#bridge = bridge;
    this.#history = history;
  }

  /**
   * Executes every cell; ONNX Runtime is loaded for `withOrt` alone. Resolves when that has ended,
   * however it did.
   */
  async start(withOrt: boolean): Promise<void> {
    if (this.#abort) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.state.value = { ...UNEXECUTED, phase: 'starting' };
    try {
      const [{ executeMatrix, ...runner }, { allColumns }, { methods }] = await Promise.all([
        harness(),
        import('../../harness/matrix/cells.ts'),
        import('../../quantizer/registry.ts'),
      ]);
      const live = this.#bridge.live();
      const names = [...methods.keys()];
      const columns = allColumns(live?.links.map(({ device }) => bridgeName(device)) ?? []);
      const host: MatrixHost = {
        cases: runner.cases,
        ...{ seed: DEFAULT_RUN_OPTIONS.seed, live, signal: abort.signal },
        recordings: (isWanted) => fetchRecordings('recordings', abort.signal, isWanted),
        run: ({ options, ...sources }) =>
          runner.run({ ...runner, ...sources, signal: abort.signal }, options, (event) =>
            this.#follow(event),
          ),
        ...(withOrt ? { foreign: () => this.#ask(names, abort.signal) } : {}),
      };
      const { report, cells } = await executeMatrix({ methods: names, columns }, host);
      this.state.value = { ...this.state.value, phase: 'ended', cells, report };
      await this.#history.keep(report);
    } catch (error) {
      // Files that come no more are no fault of the server where a person cancelled.
      this.state.value = abort.signal.aborted
        ? UNEXECUTED
        : { ...this.state.value, phase: 'failed', problem: messageOf(error) };
    } finally {
      this.#abort = undefined;
    }
  }

  /** Ends it; what is executed stays. */
  cancel(): void {
    this.#abort?.abort();
  }

  async #ask(
    methods: readonly string[],
    signal: AbortSignal,
  ): ReturnType<NonNullable<MatrixHost['foreign']>> {
    const { foreignInFrame } = await import('../../bench/frame-link.ts');
    const request = { methods, seed: DEFAULT_RUN_OPTIONS.seed, peers: ['ort'] };
    try {
      return await foreignInFrame(
        request,
        ({ method, direction, backend }) => this.#show(`${direction} ${method}, ${backend}`),
        signal,
      );
    } catch (error) {
      return { code: 'library-failed', message: messageOf(error) };
    }
  }

  #follow(event: RunEvent): void {
    if (event.type === 'start') {
      const total = event.selected.length;
      this.state.value = { ...this.state.value, phase: 'running', done: 0, total };
    } else if (event.type === 'case-end') {
      const { done } = this.state.value;
      this.state.value = { ...this.state.value, done: done + 1 };
      this.#show(event.result.id);
    }
  }

  #show(current: string): void {
    this.state.value = { ...this.state.value, current };
  }
}
