import { messageOf } from '../../errors.ts';
import type { JsonObject } from '../../formats/strict-json.ts';
import type { LogRow } from './log.ts';
import { LogSink, type SinkRun } from './log-sink.ts';

/** What became of the rows of a stream. */
export interface StreamEnd {
  readonly rows: number;
  /** Of these, how many the sink has taken. */
  readonly sent: number;
}

/** Where a stream goes, and who hears that it does not get there. */
export interface StreamOptions {
  /** Address of the sink, without a slash at its end. */
  readonly base: string;
  readonly run: SinkRun;
  /** Called once for each time that the sink is lost; the rows are kept for it. */
  readonly onLost: (why: string) => void;
  /** Called when a sink that was lost has taken all rows again. Default not at all. */
  readonly onBack?: () => void;
}

/** Rows that are sent at once. */
const MOST_ROWS = 500;
/** How long a sink that was lost is left alone: at first, and at most. Milliseconds. */
const WAIT_MS = { first: 1_000, most: 60_000 } as const;

/**
 * Sends the rows of a run to a sink while it goes on, each as a line of W&B's history. It never
 * throws and never makes the run wait: what a sink does not take is kept and sent again later.
 */
export class LogStream {
  readonly #options: StreamOptions;
  readonly #started = performance.now();
  readonly #summary: Record<string, number> = {};
  /** Lines that the sink has not taken, from line `#sent` on. */
  readonly #lines: string[] = [];
  #sent = 0;
  #sink: LogSink | undefined;
  #sending: Promise<void> | undefined;
  #waitMs: number = WAIT_MS.first;
  #retryAt = 0;
  #isLost = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#send();
  }

  /** Adds a row: its values, and W&B's `_step`, `_runtime` (seconds) and `_timestamp`. */
  add(row: LogRow): void {
    const line = {
      ...Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)),
      _step: this.#sent + this.#lines.length,
      _runtime: (performance.now() - this.#started) / 1000,
      _timestamp: Date.now() / 1000,
    };
    Object.assign(this.#summary, line);
    this.#lines.push(JSON.stringify(line));
    this.#send();
  }

  /** Sends what is left, the summary and the exit code: once more to a sink that was lost. */
  async end(exitCode: number): Promise<StreamEnd> {
    await this.#sending;
    this.#retryAt = 0;
    const summary: JsonObject = { ...this.#summary };
    await this.#drain({ summary, exitCode });
    return { rows: this.#sent + this.#lines.length, sent: this.#sent };
  }

  #send(): void {
    this.#sending ??= this.#drain().finally(() => {
      this.#sending = undefined;
    });
  }

  /** Announces the run and tells all lines, with `last` among the last of them. */
  async #drain(last?: { readonly summary: JsonObject; readonly exitCode: number }): Promise<void> {
    if (performance.now() < this.#retryAt) return;
    const { base, run, onLost, onBack } = this.#options;
    try {
      this.#sink ??= await LogSink.open(base, run);
      do {
        const lines = this.#lines.slice(0, MOST_ROWS);
        const isLast = lines.length === this.#lines.length;
        if (lines.length > 0 || last)
          await this.#sink.tell({ offset: this.#sent, lines, ...(isLast ? last : {}) });
        this.#lines.splice(0, lines.length);
        this.#sent += lines.length;
      } while (this.#lines.length > 0);
      if (this.#isLost) onBack?.();
      this.#isLost = false;
      this.#waitMs = WAIT_MS.first;
    } catch (error) {
      this.#retryAt = performance.now() + this.#waitMs;
      this.#waitMs = Math.min(2 * this.#waitMs, WAIT_MS.most);
      if (!this.#isLost) onLost(messageOf(error));
      this.#isLost = true;
    }
  }
}
