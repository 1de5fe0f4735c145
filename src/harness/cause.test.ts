import { expect, test } from 'vitest';
import { withCause } from './cause.ts';
import type { CaseOutcome } from './worker/messages.ts';

const outcome = (more: Partial<CaseOutcome>): CaseOutcome => ({
  id: 'ops.nn.a:x',
  suite: 'ops.nn.a',
  backend: 'webgpu',
  covers: [],
  tier: 'quick',
  status: 'fail',
  durationMs: 1,
  assertions: 1,
  kernels: [],
  control: { fault: 'none', status: 'not-run' },
  ...more,
});
const said = (code: string) => ({ code, message: 'said' });

test.each([
  ['a skip', { skip: { code: 'missing-feature', detail: 'said' } }, 'environment'],
  ['an error', { error: said('gpu-internal') }, 'driver'],
  ['a finding', { finding: said('producer-deviates') }, 'producer'],
] as const)('whose fault it is follows from %s', (_, more, fault) => {
  expect(withCause(outcome(more))).toEqual({ ...outcome(more), fault });
});

test('an error says more than a finding beside it', () => {
  const both = { error: said('gpu-internal'), finding: said('producer-deviates') };
  expect(withCause(outcome(both)).fault).toBe('driver');
});

test('what is known later takes the place of what was said before', () => {
  const before = outcome({ error: said('device-lost'), fault: 'kernel' });
  expect(withCause(before).fault).toBe('environment');
});

test('without a rule nothing is said', () => {
  const passed = outcome({ status: 'pass' });
  expect(withCause(passed)).toBe(passed);
  const wrong = outcome({ error: said('out-of-bound') });
  expect(withCause(wrong)).toBe(wrong);
});

test('what was run again decides where no code does', () => {
  const wrong = outcome({ error: said('out-of-bound') });
  const reruns = {
    again: ['same', 'same'],
    mayRace: false,
    onFallback: true,
    independent: [],
    withinHalf: false,
  } as const;
  expect(withCause(wrong, reruns).fault).toBe('kernel');
});
