import fc from 'fast-check';
import { expect, test } from 'vitest';
import { replayedIn } from '../app/subject.ts';
import { type AnswerFacts, answer, partName } from './answer.ts';

const facts = (
  summary: Partial<AnswerFacts['summary']>,
  rest: Partial<AnswerFacts> = {},
): AnswerFacts => {
  const counts = { passed: 0, failed: 0, skipped: 0, errored: 0, timedOut: 0, lost: 0, ...summary };
  return {
    summary: { ...counts, total: Object.values(counts).reduce((a, b) => a + b) },
    complete: true,
    isFallback: false,
    whole: true,
    subject: 'plan',
    wrongIn: [],
    deviations: 0,
    ...rest,
  };
};

test('answers the question of the page', () => {
  expect(answer(facts({ passed: 312 }, { durationMs: 41_000 }))).toEqual({
    tone: 'good',
    headline: 'Yes: 312 of 312 checks are right.',
    sentences: ['It took 41 seconds.'],
  });
  const no = answer(
    facts({ passed: 309, failed: 3 }, { wrongIn: [partName('ops.quant.quantize_4bit')] }),
  );
  expect(no).toMatchObject({ tone: 'bad', headline: 'No: 3 of 312 checks are wrong.' });
  expect(no.sentences.join(' ')).toContain('Look at quantize 4bit:');
  const linked = answer(facts({ passed: 309, failed: 3 }, { wrongIn: ['silu'], linked: true }));
  expect(linked.sentences).toContain('What is wrong is in silu.');
});

test('a check that its planted fault does not turn red is wrong', () => {
  const one = answer(facts({ passed: 312 }, { unproved: 2, wrongIn: ['silu'] }));
  expect(one).toMatchObject({ tone: 'bad', headline: 'No: 2 of 312 checks are wrong.' });
  expect(one.sentences).toContain(
    '2 checks passed even with the fault that was planted to make them fail: that proves nothing.',
  );
});

test('a known failure is not wrong, and a pass in its place is reported', () => {
  expect(answer(facts({ passed: 310, failed: 2 }, { expected: 2 }))).toEqual({
    tone: 'warn',
    headline: 'Yes: 310 of 312 checks are right.',
    sentences: ['2 checks failed as is known of this computer.'],
  });
  expect(answer(facts({ passed: 309, failed: 3 }, { expected: 2 })).headline).toBe(
    'No: 1 of 312 checks is wrong.',
  );
  const pass = answer(facts({ passed: 312 }, { unexpected: 1 }));
  expect(pass).toMatchObject({ tone: 'warn', headline: 'Yes: 312 of 312 checks are right.' });
  expect(pass.sentences.join(' ')).toContain('1 check passed though known to fail');
  expect(answer(facts({ failed: 2 }, { expected: 2 })).headline).toBe('Nothing was proved.');
});

test('a part of the checks does not answer the whole question', () => {
  expect(answer(facts({ passed: 12 }, { whole: false })).headline).toBe(
    '12 of 12 checks are right.',
  );
  expect(answer(facts({ passed: 1 }, { subject: 'recordings' })).headline).toBe(
    '1 of 1 recording is right.',
  );
  expect(answer(facts({ passed: 1 }, { subject: 'trainings' })).headline).toBe(
    '1 of 1 fine-tuning run is right.',
  );
});

test('of checkpoints the weights are counted, since no library recorded them', () => {
  const weight = { suite: 'parity.checkpoint' };
  const matmul = { suite: 'parity.matmul' };
  expect([replayedIn([]), replayedIn([matmul]), replayedIn([weight, matmul])]).toEqual([
    'recordings',
    'recordings',
    'checks',
  ]);
  expect(answer(facts({ passed: 2 }, { subject: replayedIn([weight, weight]) })).headline).toBe(
    '2 of 2 weights are right.',
  );
});

test('tells of skips, of the processor, of a recording that is off', () => {
  expect(answer(facts({ passed: 10, skipped: 2 })).sentences).toContain(
    '2 checks could not run and were skipped.',
  );
  expect(answer(facts({ passed: 10 }, { isFallback: true }))).toMatchObject({
    tone: 'warn',
    headline: 'Yes, but slowly: 10 of 10 checks are right.',
  });
  const off = answer(facts({ passed: 3 }, { subject: 'recordings', deviations: 1 }));
  expect(off.tone).toBe('warn');
  expect(off.sentences.join(' ')).toContain('the recording library itself got wrong');
});

test('a case that broke is not called wrong', () => {
  expect(answer(facts({ passed: 9, timedOut: 1 })).headline).toBe(
    'No: 1 of 10 checks could not be finished.',
  );
  expect(answer(facts({ passed: 8, failed: 1, lost: 1 })).headline).toBe(
    'No: 2 of 10 checks are wrong or could not be finished.',
  );
});

test('is good only when something passed, nothing is wrong, and the run is whole and on a graphics chip', () => {
  const count = fc.nat(3);
  const summaries = fc.record({
    passed: count,
    failed: count,
    skipped: count,
    errored: count,
    timedOut: count,
    lost: count,
  });
  const rests = fc.record({
    complete: fc.boolean(),
    isFallback: fc.boolean(),
    whole: fc.boolean(),
    deviations: fc.nat(1),
  });
  fc.assert(
    fc.property(summaries, rests, (summary, rest) => {
      const { failed, errored, timedOut, lost, passed } = summary;
      const clean = failed + errored + timedOut + lost === 0 && passed > 0;
      const { tone, headline } = answer(facts(summary, rest));
      expect(tone === 'good').toBe(
        clean && rest.complete && !rest.isFallback && rest.deviations === 0,
      );
      if (headline.startsWith('Yes')) expect(clean && rest.complete && rest.whole).toBe(true);
      if (failed > 0) expect(tone).toBe('bad');
    }),
  );
});
