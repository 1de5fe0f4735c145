import type { Counted } from '../app/subject.ts';
import type { Forms } from '../messages/speech.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const CHECKS: Forms = { one: 'check', other: 'checks' };
const NOUNS: Readonly<Record<Counted, Forms>> = {
  plan: CHECKS,
  checks: CHECKS,
  recordings: { one: 'recording', other: 'recordings' },
  weights: { one: 'weight', other: 'weights' },
  trainings: { one: 'fine-tuning run', other: 'fine-tuning runs' },
};
const counted = (count: number, subject: Counted) => units.count(count, NOUNS[subject]);
const of = (part: number, all: number, subject: Counted) =>
  `${units.number(part)} of ${counted(all, subject)}`;
const are = (count: number) => units.form(count, { one: 'is', other: 'are' });
const were = (count: number) => units.form(count, { one: 'was', other: 'were' });

const named = (parts: readonly string[], more: number) =>
  more > 0 ? `${parts.join(', ')} and ${units.number(more)} more` : units.list(parts);

/** The verdict of a run in plain words. */
export const answerWords = words('answer', {
  label: 'Answer',
  right: (right: number, judged: number, subject: Counted) =>
    `${of(right, judged, subject)} ${are(right)} right`,
  yes: (fraction: string) => `Yes: ${fraction}.`,
  yesSlowly: (fraction: string) => `Yes, but slowly: ${fraction}.`,
  onProcessor: (fraction: string) => `${fraction}, on the processor.`,
  no: (fraction: string) => `No: ${fraction}.`,
  plain: (fraction: string) => `${fraction}.`,
  wrong: (wrong: number, judged: number, subject: Counted) =>
    `${of(wrong, judged, subject)} ${are(wrong)} wrong`,
  broke: (broke: number, judged: number, subject: Counted) =>
    `${of(broke, judged, subject)} could not be finished`,
  wrongOrBroke: (wrong: number, judged: number, subject: Counted) =>
    `${of(wrong, judged, subject)} ${are(wrong)} wrong or could not be finished`,
  slow: 'The graphics chip was not in use: results are right, but slow.',
  look: (parts: readonly string[], more: number) =>
    `Look at ${named(parts, more)}: the details say which number is wrong, and by how much.`,
  wrongIn: (parts: readonly string[], more: number) => `What is wrong is in ${named(parts, more)}.`,
  cutShort: 'The run was stopped before its end.',
  nothingReplayed: 'Nothing was replayed.',
  nothingReadable: 'Not one of the recordings can be read: record them again.',
  stoppedBefore: (subject: Counted) => `Stopped before the first ${NOUNS[subject].one} ended.`,
  stoppedAfter: (passed: number, subject: Counted) =>
    `Stopped after ${counted(passed, subject)}, all right so far.`,
  noConclusion: 'Nothing is concluded from a part. Run again for the answer.',
  nothingToRun: 'There was nothing to run.',
  nothingProved: 'Nothing was proved.',
  allSkipped: (skipped: number, subject: Counted) =>
    `Nothing was proved: ${counted(skipped, subject)} skipped.`,
  whySkipped: 'The details say why each was skipped.',
  expected: (count: number, subject: Counted) =>
    `${counted(count, subject)} failed as is known of this computer.`,
  unexpected: (count: number, subject: Counted) =>
    `${counted(count, subject)} passed though known to fail: what is known of ${units.form(count, { one: 'it', other: 'them' })} can go.`,
  took: (ms: number) => `It took ${units.duration(ms)}.`,
  skipped: (count: number, subject: Counted) =>
    `${counted(count, subject)} could not run and ${were(count)} skipped.`,
  unproved: (count: number, subject: Counted) =>
    `${counted(count, subject)} passed even with the fault that was planted to make ${units.form(count, { one: 'it', other: 'them' })} fail: that proves nothing.`,
  deviations: (count: number) =>
    `${counted(count, 'recordings')} ${units.form(count, { one: 'holds a value', other: 'hold values' })} that the recording library itself got wrong; ours ${are(count)} right.`,
  loose: (count: number) =>
    `${counted(count, 'recordings')} ${units.form(count, { one: 'agrees', other: 'agree' })} within a bound that would let errors pass.`,
});
