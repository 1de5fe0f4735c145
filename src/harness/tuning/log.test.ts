import { expect, test } from 'vitest';
import { toCsv } from '../../report/table.ts';
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
    'step,epoch,loss,eval_loss,grad_norm,learning_rate,tokens,tokens_per_second,ms,bytes,peak_bytes',
    '0,,,3,,,,,,,',
    '1,0.25,2.5,,,0.001,12,24,500,100,200',
    '',
  ]);
});

test('every value of a row has its column', () => {
  const row = logRow({ ...STEP, gradNorm: 4 }) ?? {};
  const columns = logTable([row]).columns.map(({ label }) => label);
  expect(Object.keys(row).filter((name) => !columns.includes(name))).toEqual([]);
});
