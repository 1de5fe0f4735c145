import { expect, test } from 'vitest';
import { type Cause, causeOf, type Reruns } from './cause.ts';

/** Wrong again at the same element, on hardware, with nothing to compare it with. */
const AGAIN: Reruns = {
  again: ['same', 'same', 'same'],
  mayRace: false,
  onFallback: false,
  independent: [],
  withinHalf: false,
};

test.each<[string, Partial<Reruns>, Cause | undefined]>([
  ['nothing to compare it with', {}, undefined],
  ['it does not come back', { again: ['right', 'right', 'right'] }, 'driver'],
  [
    'it does not come back, and its kernels might race',
    { again: ['right', 'right', 'right'], mayRace: true },
    undefined,
  ],
  ['it comes and goes', { again: ['same', 'right', 'same'] }, undefined],
  [
    'it comes and goes on the fallback',
    { again: ['same', 'right', 'same'], onFallback: true },
    undefined,
  ],
  ['it wanders', { again: ['same', 'other', 'same'] }, undefined],
  ['it could not be run again', { again: [] }, undefined],
  ['another adapter is wrong too', { elsewhere: 'same' }, 'kernel'],
  ['another adapter is right', { elsewhere: 'right' }, 'driver'],
  [
    'another adapter is right, and this one is the fallback',
    { elsewhere: 'right', onFallback: true },
    'driver',
  ],
  ['another adapter is wrong in another way', { elsewhere: 'other' }, undefined],
  ['the fallback is wrong', { onFallback: true }, 'kernel'],
  ['a variant of other kernels is wrong too', { independent: ['right', 'same'] }, 'kernel'],
  ['a variant of other kernels is right', { independent: ['right'] }, undefined],
  [
    'a variant of other kernels is wrong too, and another adapter is right',
    { independent: ['same'], elsewhere: 'right' },
    'driver',
  ],
  ['it is right in half precision', { withinHalf: true, elsewhere: 'same' }, 'precision'],
  [
    'it is right in half precision, and does not come back',
    { withinHalf: true, again: ['right'] },
    'driver',
  ],
])('a wrong element where %s', (_, seen, fault) => {
  expect(causeOf({ code: 'out-of-bound', reruns: { ...AGAIN, ...seen } })).toBe(fault);
});

test.each<[string, Cause | undefined]>([
  ['device-lost', 'environment'],
  ['out-of-memory', 'environment'],
  ['missing-feature', 'environment'],
  ['insecure-context', 'environment'],
  ['producer-deviates', 'producer'],
  ['gpu-internal', 'driver'],
  ['gpu-validation', undefined],
  ['out-of-bound', undefined],
  ['timeout', undefined],
  ['not-implemented', undefined],
])('the code %s alone', (code, fault) => {
  expect(causeOf({ code })).toBe(fault);
});
