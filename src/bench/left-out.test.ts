import { expect, test } from 'vitest';
import { result } from '../report/fixtures/reports.ts';
import type { CaseResult } from '../report/schema.ts';
import { leftOut } from './left-out.ts';

const ID = 'bench.attention:f32;heads=4';

const skipped = (id: string, backend: string, detail: string): CaseResult =>
  result({
    ...{ id, backend, status: 'skip', assertions: 0 },
    skip: { code: 'not-implemented', detail },
  });

test('what differs in the op alone is one reason, of all contenders that have it', () => {
  const told = leftOut([
    skipped('bench.matmul_4bit:f32;m=8', 'tfjs-webgpu', 'it is not asked for matmul_4bit'),
    skipped('bench.matmul_4bit:f32;m=9', 'jax-webgpu', 'it is not asked for matmul_4bit'),
    skipped('bench.topk:f32', 'jax-webgpu', 'it is not asked for topk'),
    skipped(ID, 'ceiling', 'it would take a processor too long'),
  ]);
  expect(told).toEqual([
    {
      ...{ what: 'skip', settings: [], reason: 'it is not asked for …' },
      backends: ['tfjs-webgpu', 'jax-webgpu'],
      ids: ['bench.matmul_4bit:f32;m=8', 'bench.matmul_4bit:f32;m=9', 'bench.topk:f32'],
    },
    {
      ...{ what: 'skip', settings: [], reason: 'it would take a processor too long' },
      ...{ backends: ['ceiling'], ids: [ID] },
    },
  ]);
});

test('a wrong setting of what was timed by another is told, and comes before what is skipped', () => {
  const finding = (code: string, message: string, id = ID) =>
    result({
      ...{ id, backend: 'ort-webgpu', status: 'pass', assertions: 9 },
      finding: { code, message },
    });
  const wrong = (y: number) =>
    `not timed: MultiHeadAttention: y[0, ${y}] is -1.5e-3 and should be ${y}; not timed: MultiHeadAttention, captured: y[0, 1] is 1 and should be 0`;
  const told = leftOut([
    skipped('bench.topk:f32', 'jax-webgpu', 'it is not asked for topk'),
    finding('setting-not-timed', wrong(2)),
    finding('coarser-bound', `held to a coarser bound: of 8 bits; ${wrong(7)}`, `${ID}8`),
    finding('coarser-bound', 'held to a coarser bound: of 8 bits'),
  ]);
  expect(told[0]).toEqual({
    ...{ what: 'setting', backends: ['ort-webgpu'], ids: [ID, `${ID}8`] },
    settings: ['MultiHeadAttention', 'MultiHeadAttention, captured'],
    reason: 'y[0, 2] is -1.5e-3 and should be 2',
  });
  expect(told.map(({ what }) => what)).toEqual(['setting', 'skip']);
});
