import { expect, test } from 'vitest';
import { RUN, report, result } from '../../report/fixtures/reports.ts';
import type { Report } from '../../report/schema.ts';
import { nextStep } from './next-step.ts';

/** The same run on a graphics chip. */
const ON_GPU: Report = {
  ...RUN,
  environments: RUN.environments.map((one) => ({
    ...one,
    adapter: { ...one.adapter, isFallback: false },
  })),
};

test('the next command is the one that the result asks for', async () => {
  expect(nextStep(ON_GPU).command).toBe('npm start -- train');
  expect(nextStep(RUN).command, 'no GPU is in use').toBe('npm start -- doctor');
  expect(nextStep({ ...RUN, run: { ...RUN.run, complete: false } }).command).toBe(
    'npm start -- --headless',
  );
  expect(nextStep(await report([], '')).command, 'nothing ran').toBe('npm start -- doctor');
  const failed = result({ id: 'a:b', status: 'fail', assertions: 1, tier: 'quick' });
  const again = 'npm start -- --headless --filter a:b --runtime node';
  expect(nextStep(await report([failed], ''))).toEqual({ why: 'See it again', command: again });
  const other = result({ id: 'a:c', status: 'fail', assertions: 1 });
  expect(nextStep(await report([failed, other], ''))).toEqual({
    why: 'See the first of them again',
    command: again,
  });
});
