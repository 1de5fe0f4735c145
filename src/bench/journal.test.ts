import { expect, test } from 'vitest';
import { report, result } from '../report/fixtures/reports.ts';
import { validateReport } from '../report/validate.ts';
import { BenchJournal } from './journal.ts';
import { DEFAULT_BENCH_OPTIONS } from './options.ts';
import { works } from './works.ts';

test('what a bench has told is a partial report, and nothing is none', async () => {
  const { environments } = await report([], '');
  const [environment] = environments;
  if (!environment) throw new TypeError('the fixture has an environment');
  const all = [...works.values()];
  const [work] = all;
  const settings = { webgpu: 'eager', 'ort-webgpu': 'NHWC' };
  const options = { ...DEFAULT_BENCH_OPTIONS, warmUp: 0, samples: 5, settings };
  const journal = new BenchJournal({ options, works: all });
  journal.hear({ type: 'opened', environment });
  journal.hear({ type: 'start', total: all.length, contenders: ['webgpu'] });
  expect(await journal.partial()).toBeUndefined();
  const {
    env: _,
    attempts: __,
    ...timed
  } = result({
    ...{ id: work?.id ?? '', status: 'pass', assertions: 4 },
  });
  journal.hear({ type: 'results', results: [timed] });
  const partial = validateReport(await journal.partial(), '');
  expect([partial.kind, partial.run.complete, partial.environments]).toEqual([
    ...['bench', false, [environment]],
  ]);
  expect(partial.run.options).toEqual([
    ...['--warm-up 0', '--samples 5'],
    ...['--setting webgpu=eager', '--setting ort-webgpu=NHWC'],
  ]);
  expect(partial.results).toMatchObject([{ ...timed, env: 0, attempts: 1 }]);
});
