import { expect, test } from 'vitest';
import { DEFAULT_TRAINING } from './config.ts';
import { learningFailure } from './learning-check.ts';

const KIB = 1024;
const learnt = { heldoutBefore: 5.56, heldoutAfter: 3.26, heldoutFrozen: 5.56, unigram: 3.6 };

test.each([
  ['the prototype', 44 * KIB, {}, undefined],
  [
    'exactly on the margin to the frequencies',
    44 * KIB,
    { heldoutAfter: 3.5, unigram: 3.65 },
    undefined,
  ],
  [
    'exactly on the margin to the frozen run',
    44 * KIB,
    { heldoutAfter: 4, heldoutFrozen: 5.5, unigram: 5 },
    undefined,
  ],
  [
    'too near to the frequencies',
    32 * KIB,
    { heldoutAfter: 3.51, unigram: 3.65 },
    /^the held-out loss ended at 3\.510 .* byte frequencies' 3\.650$/,
  ],
  [
    'near to the frequencies of a short text',
    32 * KIB - 1,
    { heldoutAfter: 3.55, unigram: 3.65 },
    undefined,
  ],
  [
    'random bytes',
    44 * KIB,
    { heldoutAfter: 5.6, unigram: 5.55 },
    /choose a text that people wrote$/,
  ],
  [
    'one repeated byte',
    44 * KIB,
    { heldoutAfter: 0, unigram: 0.004 },
    /choose a text that people wrote$/,
  ],
  [
    'too near to the frozen run',
    44 * KIB,
    { heldoutAfter: 4.07, unigram: 5 },
    /frozen run's 5\.560$/,
  ],
  [
    'a short text too near to the frozen run',
    5 * KIB,
    { heldoutAfter: 4.07 },
    /frozen run's 5\.560$/,
  ],
  ['a loss that is no number', 5 * KIB, { heldoutAfter: Number.NaN }, /ended at NaN/],
  ['a loss that rose', 44 * KIB, { heldoutAfter: 9 }, /ended at 9\.000/],
])('%s', (_, bytes, change, failure) => {
  const found = learningFailure({ ...learnt, ...change }, bytes, DEFAULT_TRAINING);
  if (failure) expect(found?.message).toMatch(failure);
  else expect(found).toBeUndefined();
});

test.each([
  ['that learns', 150, 4.2, true],
  ['of one step less than an answer needs', 299, 4.2, true],
  ['of as many steps as an answer needs', 300, 4.2, false],
  ['whose loss is no number', 150, Number.NaN, false],
  ['whose loss is infinite', 150, Number.POSITIVE_INFINITY, false],
])(
  'a run %s is too short for an answer only where more steps could tell',
  (_, steps, heldoutAfter, tooShort) => {
    const config = { ...DEFAULT_TRAINING, steps };
    expect(learningFailure({ ...learnt, heldoutAfter }, 44 * KIB, config)).toMatchObject({
      tooShort,
    });
  },
);

test.each([
  ['text of frequencies just below the frozen run', { heldoutAfter: 5, unigram: 5.25 }, false],
  ['text of frequencies a little nearer', { heldoutAfter: 5, unigram: 5.26 }, true],
  ['text of just as much as the margin', { heldoutAfter: 0.1, unigram: 0.25 }, false],
  ['text of a little less', { heldoutAfter: 0.1, unigram: 0.24 }, true],
])('a %s leaves nothing to learn: %j is %j', (_, change, hopeless) => {
  const config = { ...DEFAULT_TRAINING, marginBelowUnigram: 0.25 };
  const found = learningFailure({ ...learnt, heldoutFrozen: 5.5, ...change }, 44 * KIB, config);
  expect(found?.message.endsWith('choose a text that people wrote')).toBe(hopeless);
});

test.each([
  [1, 'after 1 step, not'],
  [2, 'after 2 steps, not'],
])('the steps of a run of %i are counted in words', (steps, said) => {
  const config = { ...DEFAULT_TRAINING, steps };
  const found = learningFailure({ ...learnt, heldoutAfter: 4.2 }, 44 * KIB, config);
  expect(found?.message).toContain(said);
});
