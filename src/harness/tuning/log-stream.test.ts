import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { type RunSink, runSink } from './fixtures/run-sink.ts';
import { LogStream } from './log-stream.ts';

const RUN = { id: 'run-1', title: 'lora of tiny', config: { lr: 0.1, lora: { r: 4 } } };
const rowOf = (step: number) => ({ step, loss: 3 - step / 10, grad_norm: undefined });

/** A stream to an address, what it said of a sink that it lost, and after how many losses it was back. */
function streamTo(base: string) {
  const lost: string[] = [];
  const back: number[] = [];
  const onBack = () => back.push(lost.length);
  const onLost = (why: string) => lost.push(why);
  return { stream: new LogStream({ base, run: RUN, onLost, onBack }), lost, back };
}

const sunk = (sink: RunSink) => {
  const run = sink.runs.get('run-1');
  if (!run) throw new Error('the sink knows no run');
  return run;
};

test(
  'a run is announced to the sink, which must answer as one, and its rows follow in order',
  covers('fsdp.production.wandb-module-spec/real-logger').control('whatever answers is a sink', {
    file: 'src/harness/tuning/log-sink.ts',
    from: "if (!place) throw new SinkError('it answers, and not as a sink for runs does');",
    to: "if (!place) return new LogSink(base, '');",
  }),
  async () => {
    await using sink = await runSink();
    const { stream, lost } = streamTo(sink.url);
    for (let step = 1; step <= 3; step++) {
      stream.add(rowOf(step));
      await sleep(20);
    }
    expect(await stream.end(0)).toEqual({ rows: 3, sent: 3 });
    const { rows, summary, exitCode, config, title } = sunk(sink);
    expect(rows.map(({ _timestamp, _runtime, ...row }) => row)).toEqual([
      { step: 1, loss: 2.9, _step: 0 },
      { step: 2, loss: 2.8, _step: 1 },
      { step: 3, loss: 2.7, _step: 2 },
    ]);
    const [first, , last] = rows;
    expect(last?.['_runtime']).toBeGreaterThan(first?.['_runtime'] ?? 1);
    expect(Math.abs((last?.['_timestamp'] ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    expect(summary).toEqual(last);
    expect([exitCode, title, lost]).toEqual([0, 'lora of tiny', []]);
    expect(config).toEqual({ lr: { value: 0.1 }, lora: { value: { r: 4 } } });
    expect(sink.asked[0]).toBe('POST /graphql');

    // A server that is no sink is found out before a row is sent to it.
    sink.instead = (response) => response.end('<html>hello</html>');
    const asked = sink.asked.length;
    const other = streamTo(sink.url);
    other.stream.add(rowOf(1));
    expect(await other.stream.end(0)).toEqual({ rows: 1, sent: 0 });
    expect(other.lost).toEqual(['it answers, and not as a sink for runs does']);
    expect(new Set(sink.asked.slice(asked))).toEqual(new Set(['POST /graphql']));
  },
);

test('what a sink did not take is sent when it is back, once, and the loss is told once', async () => {
  await using sink = await runSink();
  const { stream, lost, back } = streamTo(sink.url);
  stream.add(rowOf(1));
  await expect.poll(() => sink.runs.get('run-1')?.rows.length).toBe(1);
  sink.instead = (response) => response.writeHead(503).end();
  for (let step = 2; step <= 600; step++) stream.add(rowOf(step));
  await expect.poll(() => lost).toEqual(['it answers with status 503']);
  stream.add(rowOf(601));
  expect(sunk(sink).rows).toHaveLength(1);
  sink.instead = undefined;
  expect(back).toEqual([]);
  expect(await stream.end(1)).toEqual({ rows: 601, sent: 601 });
  expect([lost.length, back]).toEqual([1, [1]]);
  const { rows, exitCode, summary } = sunk(sink);
  expect(rows.map(({ step }) => step)).toEqual(Array.from({ length: 601 }, (_, i) => i + 1));
  expect([exitCode, summary?.['step']]).toEqual([1, 601]);
});

test('a sink that comes later gets all that was kept for it', async () => {
  const first = await runSink();
  const { url } = first;
  await first[Symbol.asyncDispose]();
  const { stream, lost } = streamTo(url);
  stream.add(rowOf(1));
  await expect
    .poll(() => lost)
    .toEqual([expect.stringMatching(/^it cannot be reached \(.*ECONNREFUSED/)]);
  await using sink = await runSink(Number(new URL(url).port));
  await sleep(1_000);
  stream.add(rowOf(2));
  await expect.poll(() => sink.runs.get('run-1')?.rows.map(({ step }) => step)).toEqual([1, 2]);
  expect(await stream.end(0)).toEqual({ rows: 2, sent: 2 });
});

test.each<[string, Parameters<typeof answering>[0], RegExp]>([
  [
    'leads elsewhere',
    (response) => response.writeHead(302, { location: '/graphql' }).end(),
    /^it cannot be reached \(/,
  ],
  ['is not JSON', (response) => response.end('{'), /not as a sink/],
  ['is null', (response) => response.end('null'), /not as a sink/],
  ['names a place with a slash', (response) => response.end(bucketOf('../x')), /not as a sink/],
  ['never ends', (response) => flood(response), /not as a sink/],
  ['breaks off', (response) => breakOff(response), /^it cannot be reached \(/],
])('an answer that %s is told in one line, and the run goes on', async (_, answer, why) => {
  await answering(answer, async (sink) => {
    const { stream, lost } = streamTo(sink.url);
    stream.add(rowOf(1));
    expect(await stream.end(0)).toEqual({ rows: 1, sent: 0 });
    expect(lost).toEqual([expect.stringMatching(why)]);
    expect(lost[0]).not.toContain('\n');
  });
});

/** A sink that answers something else all the time. */
async function answering(
  answer: NonNullable<RunSink['instead']>,
  use: (sink: RunSink) => Promise<void>,
): Promise<void> {
  await using sink = await runSink();
  sink.instead = answer;
  await use(sink);
}

const bucketOf = (name: string) =>
  JSON.stringify({
    data: {
      upsertBucket: {
        bucket: { name, project: { name: 'gradproof', entity: { name: 'people' } } },
      },
    },
  });

function flood(response: Parameters<NonNullable<RunSink['instead']>>[0]): void {
  const part = ' '.repeat(1 << 16);
  const pour = () => {
    while (!response.destroyed && response.write(part));
    if (!response.destroyed) response.once('drain', pour);
  };
  pour();
}

function breakOff(response: Parameters<NonNullable<RunSink['instead']>>[0]): void {
  response.writeHead(200, { 'content-length': 100 }).write('{');
  setTimeout(() => response.destroy(), 20);
}
