import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { type RunSink, runSink } from './fixtures/run-sink.ts';
import { LogStream } from './log-stream.ts';

/** A sink that fails now and then, in every way that servers do, keeps no run from its steps. */

const RUN = { id: 'run-1', title: 'lora of tiny', config: {} };
/** What a step may wait for its log at most. Milliseconds. */
const MOST_MS = 50;
const STALL_MS = 30_000;

type Answer = (response: ServerResponse) => void;
const drop: Answer = (response) => response.destroy();
const busy: Answer = (response) => response.writeHead(500, { 'retry-after': '1' }).end();
const tooMany: Answer = (response) => response.writeHead(429, { 'retry-after': '1' }).end();
const stall: Answer = (response) => {
  setTimeout(() => response.end('{}'), STALL_MS).unref();
};
const breakOff: Answer = (response) => {
  response.writeHead(200, { 'content-length': 100 }).write('{');
  setTimeout(() => response.destroy(), 20);
};

/** Answers in turn, and as a sink does once they are used up. */
function chosen(sink: RunSink, answers: readonly Answer[]): void {
  let next = 0;
  sink.instead = (response) => {
    (answers[next++] as Answer)(response);
    if (next === answers.length) sink.instead = undefined;
  };
}

const streamTo = (base: string) => new LogStream({ base, run: RUN, onLost: () => {} });
const stepsAt = (sink: RunSink) => sink.runs.get('run-1')?.rows.map(({ step }) => step);

test(
  'a step never waits for the sink, whatever that does',
  covers('tb.recovery.network-failure/step-blocked-50-ms').control('a row waits for its answer', {
    file: 'src/harness/tuning/log-stream.ts',
    from: '  add(row: LogRow): void {',
    to: '  add(row: LogRow): void {\n    const until = performance.now() + (this.#isLost ? 60 : 0);\n    while (performance.now() < until);',
  }),
  async () => {
    await using sink = await runSink();
    const stream = streamTo(sink.url);
    const answers = [drop, busy, tooMany, stall, breakOff];
    const added: number[] = [];
    let step = 0;
    const make = () => {
      const started = performance.now();
      stream.add({ step: ++step, loss: 1 / step });
      added.push(performance.now() - started);
    };
    make();
    await expect.poll(() => stepsAt(sink)).toEqual([1]);
    chosen(sink, answers);
    while (sink.instead) {
      make();
      await sleep(20);
    }
    expect(Math.max(...added)).toBeLessThanOrEqual(MOST_MS);
    await stream.end(0);
    expect(stepsAt(sink)).toEqual(Array.from({ length: step }, (_, i) => i + 1));
  },
);

test(
  'rows are kept for a sink that fails, and sent again after twice as long each time',
  covers('tb.recovery.network-failure/buffered-and-retried').control('it is asked at once', {
    file: 'src/harness/tuning/log-stream.ts',
    from: 'Math.min(2 * this.#waitMs, WAIT_MS.most)',
    to: 'Math.min(this.#waitMs, 1)',
  }),
  async () => {
    await using sink = await runSink();
    const stream = streamTo(sink.url);
    stream.add({ step: 1 });
    await expect.poll(() => stepsAt(sink)).toEqual([1]);
    const failed: number[] = [];
    const fail: Answer = (response) => {
      failed.push(performance.now());
      busy(response);
    };
    chosen(sink, [fail, fail, fail]);
    let step = 1;
    while (sink.instead) {
      stream.add({ step: ++step });
      await sleep(10);
    }
    const [first = 0, second = 0, third = 0] = failed;
    expect(second - first).toBeGreaterThanOrEqual(1000);
    expect(third - second).toBeGreaterThanOrEqual(2000);
    await stream.end(0);
    expect(stepsAt(sink)).toEqual(Array.from({ length: step }, (_, i) => i + 1));
  },
);

test(
  'a sink that took rows and did not say so has each once',
  covers('tb.recovery.network-failure/exactly-once').control('lines that failed are told anew', {
    file: 'src/harness/tuning/log-stream.ts',
    from: 'this.#retryAt = performance.now() + this.#waitMs;',
    to: 'this.#retryAt = performance.now() + this.#waitMs;\n      this.#sent += this.#lines.length;',
  }),
  async () => {
    await using sink = await runSink();
    const stream = streamTo(sink.url);
    for (const answer of [drop, breakOff, undefined]) {
      sink.taken = answer;
      for (let step = 0; step < 5; step++) stream.add({ step });
      await sleep(1500);
    }
    expect(await stream.end(0)).toEqual({ rows: 15, sent: 15 });
    expect(stepsAt(sink)).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
  },
);
