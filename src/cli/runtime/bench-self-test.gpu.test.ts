import { expect, test } from 'vitest';
import type { Contender } from '../../bench/contender.ts';
import type { BenchEvent } from '../../bench/host.ts';
import { libraryVersions } from '../../bench/library-versions.ts';
import { DEFAULT_BENCH_OPTIONS } from '../../bench/options.ts';
import { runSession } from '../../bench/session.ts';
import { UncapturedErrors } from '../../bench/uncaptured-errors.ts';
import { describeNode } from '../../harness/worker/describe-node.ts';
import { softwareProvider } from './fixtures/software-gpu.ts';

/** A library that is opened, and asked for nothing. */
const idle: Contender = {
  ...{ name: 'jax-webgpu', version: '0.1.2' },
  settingsFor: () => ({ reason: 'it is not asked' }),
  prepare: () => Promise.reject(new TypeError('it is not asked')),
  [Symbol.asyncDispose]: async () => {},
};

test('the trial of the rule tells its results to who listens, and its report has the versions of libraries', async () => {
  const events: BenchEvent[] = [];
  const report = await runSession(
    {
      ...{ gpu: await softwareProvider(), runtime: describeNode(), works: [] },
      peers: async () => [idle],
      ...{ errors: new UncapturedErrors(), signal: new AbortController().signal },
    },
    { ...DEFAULT_BENCH_OPTIONS, selfTest: true, samples: 5, warmUp: 0 },
    (event) => events.push(event),
  );
  const told = events.flatMap((event) => (event.type === 'results' ? event.results : []));
  expect(told.map(({ id, status }) => [id, status]).sort()).toEqual(
    report.results.map(({ id, status }) => [id, status]),
  );
  expect(told).toHaveLength(4);
  expect(libraryVersions([report])).toEqual(['jax-js 0.1.2']);
});
