import { expect, test } from 'vitest';
import { covers } from '../catalog/covers.ts';
import { answerLines, countWords, shortAnswer } from './answer.ts';
import { RUN, report, reportsOfAllKinds, result } from './fixtures/reports.ts';
import type { Report } from './schema.ts';

const texts = (of: Report) => [...answerLines(of).map(({ text }) => text), shortAnswer(of).text];
const stopped = (of: Report): Report => ({ ...of, run: { ...of.run, complete: false } });

test('only a whole run with nothing wrong is answered with yes', async () => {
  const [failed] = (await reportsOfAllKinds()) as [Report];
  expect(texts(RUN), 'a chosen part').toEqual(['14 of 14 checks are right.', '14 of 14 right']);
  expect(texts(stopped(RUN))).toEqual([
    'Stopped after 14 checks: this report is not complete.',
    'stopped after 14',
  ]);
  expect(texts(failed)).toEqual(['No: 4 of 6 checks did not pass.', '4 of 6 wrong']);
  expect(texts(stopped(failed))).toEqual([
    'No: 4 of 6 checks did not pass.',
    'Stopped after 6 checks: this report is not complete.',
    '4 of 6 wrong',
  ]);
  const whole = { ...RUN, run: { ...RUN.run, filters: [] } };
  expect(texts(whole), 'on a processor').toEqual([
    'Yes, but slowly: 14 of 14 checks are right.',
    '14 of 14 right',
  ]);
  const [place] = whole.environments as [Report['environments'][number]];
  const adapter = { ...place.adapter, isFallback: false };
  const hardware = { ...whole, environments: [{ ...place, adapter }] };
  expect(texts(hardware)[0]).toMatch(/^Yes: 14 of 14/);
  const shard = { ...hardware, run: { ...hardware.run, shard: '1/2' } };
  expect(texts(shard)[0], 'a shard').toMatch(/^14 of 14/);
  const results = RUN.results.map((one) => ({ ...one, suite: 'parity.matmul' }));
  expect(texts({ ...hardware, results })[0], 'recordings').toMatch(/^14 of 14/);
  expect(texts(await report([], ''))).toEqual([
    'Nothing was proved: no check ran to its end.',
    'nothing proved',
  ]);
});

test('what is known to fail is neither right nor wrong, and a control that stayed green is wrong', async () => {
  const error = { code: 'x', message: '' };
  const known = result({
    id: 'a:b',
    status: 'fail',
    assertions: 1,
    error,
    finding: { code: 'expected-failure', message: '' },
  });
  const right = result({ id: 'a:c', status: 'pass', assertions: 1 });
  const green = result({
    id: 'a:d',
    status: 'pass',
    assertions: 1,
    control: { fault: 'x', status: 'green' },
  });
  expect(texts(await report([known, right], ''))).toEqual([
    'Yes, but slowly: 1 of 2 checks are right.',
    '1 of 2 right',
  ]);
  expect(texts(await report([right, green], ''))[0]).toBe('No: 1 of 2 checks did not pass.');
});

test('files that hold no recording have an answer of their own, and each kind has its own count', async () => {
  const unreadable = result({
    id: 'parity.unreadable:x',
    status: 'error',
    assertions: 0,
    error: { code: 'bad-file', message: '' },
  });
  expect(texts(await report([unreadable], ''))[0]).toMatch(/^Nothing was replayed\./);
  const [, bench, mutate, train] = (await reportsOfAllKinds()) as [Report, Report, Report, Report];
  expect([bench, mutate, train].map((one) => texts(one)[0])).toEqual([
    'Yes: 1 of 1 measurement counts, because its result is right.',
    'No: 1 of 2 mutants were not noticed.',
    'Yes, but slowly: fine-tuning works here.',
  ]);
});

test(
  'counts name what there is',
  covers('tb.utilities.pass-rate-gate/skips-never-passes').control('a skip counts as right', {
    file: 'src/report/verdict.ts',
    from: "return 'skipped'",
    to: "return 'right'",
  }),
  async () => {
    const [failed] = (await reportsOfAllKinds()) as [Report];
    expect([RUN, failed].map(({ summary }) => countWords(summary))).toEqual([
      '14 passed',
      '1 passed, 1 failed, 1 errored, 1 timed out, 1 lost, 1 skipped',
    ]);
    const skip = { code: 'missing-feature', detail: 'shader-f16' };
    const skipped = result({ id: 'a:b', status: 'skip', assertions: 0, skip });
    const right = result({ id: 'a:c', status: 'pass', assertions: 1 });
    const some = await report([skipped, right], '');
    expect([countWords(some.summary), ...texts(some)]).toEqual([
      '1 passed, 1 skipped',
      'Yes, but slowly: 1 of 1 check is right.',
      '1 of 1 right',
    ]);
    const none = await report([skipped], '');
    expect([countWords(none.summary), ...texts(none)]).toEqual([
      '0 passed, 1 skipped',
      'Nothing was proved: no check ran to its end.',
      'nothing proved',
    ]);
  },
);

test('a single check, filter or training is told in the singular', async () => {
  const error = { code: 'x', message: '' };
  const right = result({ id: 'a:c', status: 'pass', assertions: 1 });
  const wrong = result({ id: 'a:b', status: 'fail', assertions: 1, error });
  expect(texts(await report([wrong], ''))).toEqual([
    'No: 1 of 1 check did not pass.',
    '1 of 1 wrong',
  ]);
  expect(texts(stopped(await report([wrong, right], '')))).toEqual([
    'No: 1 of 2 checks did not pass.',
    'Stopped after 2 checks: this report is not complete.',
    '1 of 2 wrong',
  ]);
  const one = await report([right], '');
  const filtered = { ...one, run: { ...one.run, filters: ['a:*'] } };
  expect(texts(filtered)[0]).toBe('1 of 1 check is right.');
  expect(answerLines(one)).toMatchObject([{ tone: 'good' }]);
  expect(shortAnswer(one).tone).toBe('good');
  expect([shortAnswer(stopped(one)).tone, shortAnswer(await report([wrong], '')).tone]).toEqual([
    'open',
    'bad',
  ]);
  const trainings = await report([right, { ...right, id: 'a:d' }], '', { kind: 'train' });
  expect(texts(trainings)[0]).toBe('Yes: 2 of 2 fine-tunings are right.');
  const tests = await report([right, wrong], '', { kind: 'test' });
  expect(texts(tests)[0]).toBe('No: 1 of 2 tests did not pass.');
  const unreadable = (id: string) =>
    result({ id: `parity.unreadable:${id}`, status: 'error', assertions: 0, error });
  expect(texts(await report([unreadable('a'), unreadable('b')], ''))[0]).toMatch(/^Nothing was/);
  expect(texts(await report([unreadable('a'), right], ''))[0]).toBe(
    'No: 1 of 2 checks did not pass.',
  );
});
