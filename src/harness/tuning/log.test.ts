import { expect, test } from 'vitest';
import { toCsv } from '../../report/table.ts';
import type { Happened } from '../../train/llama/progress.ts';
import { logLines, logRow, logTable } from './log.ts';

const STEP = {
  type: 'step',
  ...{ step: 1, epoch: 0.25, loss: 2.5, learningRate: 1e-3 },
  ...{ tokens: 12, tokensPerSecond: 24, ms: 500, bytes: 100, peakBytes: 200 },
} as const;

test('a step and a held-out loss are rows by the names of transformers, other events none', () => {
  const rows = [
    logRow({ type: 'heldout', step: 0, loss: 3 }),
    logRow({ type: 'loaded', bytes: 1, peakBytes: 2 }),
    logRow(STEP),
  ];
  expect(rows[1]).toBeUndefined();
  const told = rows.filter((row) => row !== undefined);
  expect(logLines(told)).toBe(
    '{"step":0,"eval_loss":3}\n' +
      '{"step":1,"epoch":0.25,"loss":2.5,"learning_rate":0.001,"tokens":12,' +
      '"tokens_per_second":24,"ms":500,"bytes":100,"peak_bytes":200}\n',
  );
  expect(toCsv(logTable(told)).split('\r\n')).toEqual([
    'step,epoch,loss,eval_loss,grad_norm,learning_rate,tokens,tokens_per_second,ms,bytes,peak_bytes,event,at,message',
    '0,,,3,,,,,,,,,,',
    '1,0.25,2.5,,,0.001,12,24,500,100,200,,,',
    '',
  ]);
});

test('every value of a row has its column, bytes that offload moved and peaks of workers too', () => {
  const rare = { transferredBytes: 5, peakBytesOfWorkers: [6, 7] };
  const step = logRow({ ...STEP, gradNorm: 4, ...rare }) ?? {};
  const happened = logRow({ type: 'restored', step: 3, at: '2026-11-27T15:00:00.000Z' }) ?? {};
  const table = logTable([step, happened]);
  const columns = table.columns.map(({ label }) => label);
  const names = [...Object.keys(step), ...Object.keys(happened)];
  expect(names.filter((name) => !columns.includes(name))).toEqual([]);
  expect(columns.slice(-6)).toEqual([
    ...['transferred_bytes', 'peak_bytes_of_worker_0', 'peak_bytes_of_worker_1'],
    ...['event', 'at', 'message'],
  ]);
  expect(table.rows[0]?.slice(-6)).toEqual([5, 6, 7, undefined, undefined, undefined]);
});

const AT = '2026-11-27T15:00:00.000Z';
test.each<[Happened, string]>([
  [{ type: 'restored', step: 3, at: AT }, 'it goes on after step 3'],
  [{ type: 'restored', step: 0, at: AT }, 'it goes on from its start'],
  [
    { type: 'lost', step: 3, at: AT, why: 'the worker died' },
    'the worker died: another worker goes on',
  ],
  [
    { type: 'restored', step: 3, at: AT, writtenBy: 'gradproof 1.2.3 abc' },
    'it goes on after step 3; gradproof 1.2.3 abc wrote the checkpoint: the bits of this version may be others',
  ],
  [
    {
      ...{ type: 'restored', step: 3, at: AT },
      workers: { was: { workers: 2, strategy: 'full_shard' }, are: { workers: 1 } },
    },
    'it goes on after step 3; 2 workers (full_shard) made the steps before, 1 worker makes those after: bits may be others',
  ],
  [
    {
      ...{ type: 'restored', step: 3, at: AT, writtenBy: 'an older one' },
      workers: { was: { workers: 1 }, are: { workers: 2, strategy: 'ddp' } },
    },
    'it goes on after step 3; an older one wrote the checkpoint: the bits of this version may be others; 1 worker made the steps before, 2 workers (ddp) make those after: bits may be others',
  ],
  [
    { type: 'skipped', step: 5, at: AT, tensor: 'a.lora_B', index: [1, 2], count: 3 },
    '3 numbers of the gradients not finite, first a.lora_B[1, 2]: the step is skipped',
  ],
  [
    { type: 'skipped', step: 1, at: AT, tensor: 'b', index: [0], count: 1, lossScale: 65536 },
    '1 number of the gradients not finite, first b[0], at a loss scale of 65536: the step is skipped, and the scale halved',
  ],
  [
    { type: 'rolled-back', step: 9, at: AT, to: 4, why: 'exploded', learningRate: 0.5 },
    'the loss exploded: it goes on after step 4 at a rate of 0.5',
  ],
  [
    { type: 'rolled-back', step: 3, at: AT, to: 0, why: 'nonfinite', learningRate: 0.25 },
    'gradients stayed not finite: it goes on from its start at a rate of 0.25',
  ],
  [
    { type: 'rank-lost', step: 7, at: AT, to: 5, rank: 1, why: 'its worker ended' },
    'worker 1 was lost (its worker ended): all go on after step 5',
  ],
  [
    { type: 'halved', step: 1, at: AT, to: 0, batchSize: 1, accumulation: 4 },
    'memory ran out: it goes on from its start with 4 micro-batches of 1 text',
  ],
])('what happened is a row with its step, time and words: %o', (happened, message) => {
  const { type, step } = happened;
  expect(logRow(happened)).toEqual({ step, event: type, at: AT, message });
});
