import { expect, test } from 'vitest';
import { answerLines } from './answer.ts';
import { report, result } from './fixtures/reports.ts';
import type { CaseResult, Report } from './schema.ts';
import { trainingAnswer } from './training-answer.ts';

const METRICS = {
  heldoutBefore: 5.561,
  heldoutAfter: 3.258,
  unigram: 3.6,
  judgedSteps: 4,
  stepMs: 12.34,
  peakBytes: 4_120_000,
};

/** A report of one training of 300 steps, on hardware unless `isFallback`. */
async function trained(over: Partial<CaseResult>, isFallback = false): Promise<Report> {
  const { status = 'fail' } = over;
  const one = result({
    id: 'train.qlora:byte-mlp;seed=42;steps=300',
    assertions: 5,
    metrics: METRICS,
    ...over,
    status,
  });
  const whole = await report([one], '', { kind: 'train' });
  return {
    ...whole,
    environments: whole.environments.map((environment) => ({
      ...environment,
      adapter: { ...environment.adapter, isFallback },
    })),
  };
}

const tooShort = (over: Partial<CaseResult> = {}) =>
  trained({
    id: 'train.qlora:byte-mlp;seed=42;steps=150',
    status: 'skip',
    skip: { code: 'too-short', detail: '' },
    ...over,
  });

test('a run that learnt is answered with yes, what it learnt, and what was measured', async () => {
  expect(trainingAnswer(await trained({ status: 'pass' }))).toEqual({
    tone: 'good',
    headline: 'Yes: fine-tuning works here.',
    sentences: [
      'The model learnt which byte follows which in this text: how it is spelt, not what it means.',
      'On the part of the text that it never saw, its loss fell from 5.56 to 3.26 nats per byte; the letter-frequency baseline is 3.60.',
      '4 steps were recomputed in double precision and agreed.',
      '12 ms a step (median), at most 4.1 MB of memory, both measured.',
    ],
  });
});

test('a loss above the letter-frequency baseline is not said to know which byte follows which', async () => {
  const metrics = { ...METRICS, heldoutAfter: 3.7 };
  const { headline, sentences } = trainingAnswer(await trained({ status: 'pass', metrics }));
  expect(headline).toBe('Yes: fine-tuning works here.');
  expect(sentences[0]).toMatch(
    /^The model learnt how often each byte occurs in this text, not yet/,
  );
});

test('on a software adapter it works, but slowly', async () => {
  const { tone, headline, sentences } = trainingAnswer(await trained({ status: 'pass' }, true));
  expect([tone, headline]).toEqual(['warn', 'Yes, but slowly: fine-tuning works here.']);
  expect(sentences.at(-1)).toMatch(/^Software rendering, no GPU in use/);
});

test('a run that is too short for an answer says so, and no yes or no', async () => {
  expect(trainingAnswer(await tooShort())).toMatchObject({
    tone: 'none',
    headline: 'It is learning, but 150 steps are too few for an answer.',
    sentences: [
      'So nothing is proved. The usual run gives an answer.',
      expect.stringMatching(/its loss fell from 5\.56 to 3\.26/),
      expect.stringMatching(/^4 steps were recomputed/),
      expect.stringMatching(/^12 ms a step/),
    ],
  });
  const stuck = await tooShort({ metrics: { ...METRICS, heldoutAfter: 5.6 } });
  expect(trainingAnswer(stuck)).toMatchObject({
    headline: 'Not yet: 150 steps are too few for an answer.',
    sentences: expect.arrayContaining([expect.stringContaining('went from 5.56 to 5.60')]),
  });
});

test('what is wrong comes first, and nothing is said of figures that are not there', async () => {
  const error = { code: 'not-learnt', message: 'the loss did not fall' };
  const failed = await trained({ status: 'fail', error, metrics: {} });
  expect(trainingAnswer(failed)).toEqual({
    tone: 'bad',
    headline: 'No: this run did not learn as it must.',
    sentences: ['The loss did not fall.'],
  });
  const lost = await trained({ status: 'lost', error: { ...error, message: 'it died!' } });
  expect(trainingAnswer(lost)).toMatchObject({
    tone: 'bad',
    headline: 'No: this run could not be finished.',
    sentences: [
      'It died!',
      expect.stringMatching(/its loss fell from 5\.56 to 3\.26/),
      expect.stringMatching(/^4 steps were recomputed/),
      expect.stringMatching(/^12 ms a step/),
    ],
  });
});

test('a run that was stopped concludes nothing', async () => {
  const stopped = await trained({
    status: 'error',
    error: { code: 'interrupted', message: '' },
    series: { loss: [5, null, 4], heldout: [] },
  });
  expect(trainingAnswer(stopped)).toEqual({
    tone: 'none',
    headline: 'Stopped after 3 steps.',
    sentences: ['Start again for an answer.'],
  });
  expect(trainingAnswer({ ...stopped, results: [] }).headline).toBe('Stopped after 0 steps.');
});

test('of figures only those are told that are there', async () => {
  const sentences = async (metrics: CaseResult['metrics'], over: Partial<CaseResult> = {}) =>
    trainingAnswer(await trained({ status: 'pass', ...over, metrics })).sentences.slice(1);
  expect(await sentences({})).toEqual([]);
  expect(await sentences({ heldoutBefore: 5, stepMs: 7, unigram: 3 })).toEqual([]);
  expect(await sentences({ heldoutAfter: 5, peakBytes: 7 })).toEqual([]);
  expect(await sentences({ heldoutBefore: null, heldoutAfter: 5, judgedSteps: null })).toEqual([]);
  expect(await sentences({ heldoutBefore: 5, heldoutAfter: null })).toEqual([]);
  expect(await sentences({ stepMs: 7, peakBytes: null })).toEqual([]);
  expect(await sentences({ stepMs: null, peakBytes: 7 })).toEqual([]);
  expect(await sentences({ heldoutBefore: 5, heldoutAfter: 4, unigram: null })).toEqual([
    'On the part of the text that it never saw, its loss fell from 5.00 to 4.00 nats per byte.',
  ]);
  expect(await sentences({ judgedSteps: 1 })).toEqual([
    '1 step was recomputed in double precision and agreed.',
  ]);
  expect(await sentences({ stepMs: 7.25, peakBytes: 2_000_000 })).toEqual([
    '7.3 ms a step (median), at most 2.0 MB of memory, both measured.',
  ]);
});

test('a result without figures has an answer too', async () => {
  const bare = async (over: Partial<CaseResult>): Promise<Report> => {
    const report = await trained(over);
    for (const one of report.results) delete one.metrics;
    return report;
  };
  expect(trainingAnswer(await bare({ status: 'pass' })).sentences).toHaveLength(1);
  expect(trainingAnswer(await bare({ status: 'skip' }))).toEqual({
    tone: 'none',
    headline: 'Not yet: 300 steps are too few for an answer.',
    sentences: ['So nothing is proved. The usual run gives an answer.'],
  });
});

test.each([
  ['below the baseline', { heldoutAfter: 3, unigram: 3.5 }, /^The model learnt which byte/],
  ['at the baseline', { heldoutAfter: 3, unigram: 3 }, /^The model learnt how often/],
  ['above the baseline', { heldoutAfter: 3, unigram: 2 }, /^The model learnt how often/],
  ['without a baseline', { heldoutAfter: 3 }, /^The model learnt which byte/],
  ['with no number for one', { heldoutAfter: 3, unigram: null }, /^The model learnt which byte/],
  ['where no loss is known', { unigram: 3 }, /^The model learnt which byte/],
])('a loss that ends %s tells what was learnt', async (_, metrics, words) => {
  const { sentences } = trainingAnswer(await trained({ status: 'pass', metrics }));
  expect(sentences[0]).toMatch(words);
});

test.each([
  ['falls', { heldoutBefore: 5, heldoutAfter: 4 }, true],
  ['stays', { heldoutBefore: 5, heldoutAfter: 5 }, false],
  ['ends as no number', { heldoutBefore: 5, heldoutAfter: null }, false],
  ['began as no number', { heldoutBefore: null, heldoutAfter: -1 }, false],
])('a short run whose loss %s is learning: %j', async (_, metrics, learns) => {
  const { headline } = trainingAnswer(await tooShort({ metrics }));
  expect(headline.startsWith('It is learning')).toBe(learns);
});

test('every summary of the report gives the same answer', async () => {
  const learnt = await trained({ status: 'pass' }, true);
  expect(answerLines(learnt)).toEqual([
    { tone: 'good', text: 'Yes, but slowly: fine-tuning works here.' },
  ]);
  expect(answerLines(await tooShort())).toEqual([
    { tone: 'open', text: 'It is learning, but 150 steps are too few for an answer.' },
  ]);
});
