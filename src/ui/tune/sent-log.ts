import { SINK_RELAY } from '../../formats/page-relay.ts';
import { logRow } from '../../harness/tuning/log.ts';
import { LogStream, type StreamEnd } from '../../harness/tuning/log-stream.ts';
import { sinkRunOf } from '../../harness/tuning/sink-run.ts';
import type { TuningEvent, TuningRequest } from '../../harness/tuning.ts';

/** What is known of a log that is sent. */
export interface Sending {
  readonly sink: string;
  /** Why the sink did not take lines; it gets them later where it is back. */
  readonly lost?: string;
  readonly end?: StreamEnd;
}

/** The log of a run on its way to a sink, through the page's own server. */
export class SentLog {
  readonly #stream: LogStream;
  readonly #tell: (sending: Sending) => void;
  readonly #sink: string;
  #isOver = false;

  constructor(sink: string, request: TuningRequest, tell: (sending: Sending) => void) {
    this.#sink = sink;
    this.#tell = tell;
    this.#stream = new LogStream({
      base: `${location.origin}${SINK_RELAY.path.slice(0, -1)}`,
      run: sinkRunOf(request),
      onLost: (lost) => tell({ sink, lost }),
      onBack: () => tell({ sink }),
    });
    tell({ sink });
  }

  hear(event: TuningEvent): void {
    const row = logRow(event);
    if (row) this.#stream.add(row);
    if (event.type === 'saved') void this.end(0);
  }

  /** Sends what is left, once. */
  async end(exitCode: number): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#tell({ sink: this.#sink, end: await this.#stream.end(exitCode) });
  }
}
