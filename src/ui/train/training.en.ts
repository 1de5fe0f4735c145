import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const nats = (loss: number) =>
  units.number(loss, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const steps = (count: number) => units.count(count, { one: 'step', other: 'steps' });

/** Fine-tuning on a text of one's own. */
export const trainingWords = words('training', {
  title: 'Teach a small model your text',
  lead: 'It reads the text letter by letter and learns to guess the next one, on this computer’s graphics chip. You see whether it learns, and how fast. The text stays here.',
  howLong: 'How long',
  presets: {
    short: {
      name: 'A quick look',
      what: (count: number) => `${units.number(count)} steps: does it begin to learn?`,
    },
    usual: {
      name: 'The usual run',
      what: (count: number) => `${units.number(count)} steps: enough for an answer.`,
    },
    long: {
      name: 'A thorough run',
      what: (count: number) => `${units.number(count)} steps: see how far it gets.`,
    },
    own: { name: 'Your own number', what: '' },
  },
  steps: 'steps',
  stepsWrong: (most: number) => `A whole number from 1 to ${units.number(most)} is needed.`,
  takes: (bytes: number) =>
    `It takes about ${units.bytes(bytes)} of graphics memory, by calculation.`,
  tooShort: (bytes: number) => `A text of ${units.bytes(bytes)} or more is needed.`,
  start: 'Start',
  again: 'Start again',
  pause: 'Pause',
  pausing: 'Pausing…',
  goOn: 'Go on',
  stop: 'Stop',
  stopping: 'Stopping…',
  pausedAt: (step: number) => `Paused after ${steps(step)}: the chip has nothing to do.`,
  progress: 'Progress of the fine-tuning',
  figures: {
    label: 'In numbers',
    text: 'Text',
    trainable: 'Numbers it learns',
    frozen: 'Numbers that stay',
    memory: 'Memory, forecast',
    memoryNow: 'Memory now',
    loss: 'Loss',
    step: 'A step takes',
    judged: 'Steps recomputed',
    none: '…',
  },
  samples: {
    label: 'Samples',
    before: 'Before',
    after: 'After',
    sample: (title: string) => `Sample: ${title}`,
    lead: 'What it writes after the same beginning, which it never saw:',
  },
  save: (name: string) => `Save ${name}`,
  saveReport: 'Save the report',
  files: 'What it learnt, as files',
  filesLead:
    'Both together are a LoRA adapter as PEFT keeps it: PEFT, bitsandbytes and the bridge of this project read it.',
  verdict: {
    stopped: (step: number) => `Stopped after ${steps(step)}.`,
    startAgain: 'Start again for an answer.',
    fell: (before: number, after: number, unigram: number | undefined) =>
      `On the part of the text that it never saw, its surprise fell from ${nats(before)} to ${nats(after)} nats per byte${
        unigram === undefined ? '.' : `; counting letters alone reaches ${nats(unigram)}.`
      }`,
    speed: (ms: number, bytes: number) =>
      `${units.milliseconds(ms)} a step, ${units.bytes(bytes)} of memory.`,
    judged: (count: number) =>
      `${units.number(count)} of its steps were recomputed in double precision and agreed.`,
    learnt: 'Yes: it learnt your text, and learnt it right.',
    notLearnt: 'No: this run did not learn as it must.',
    tooEarly: (step: number, learns: boolean) =>
      `${learns ? 'It is learning, but' : 'Not yet:'} ${steps(step)} are too few for an answer.`,
    tryUsual: 'What was recomputed of it is right. The usual run gives an answer.',
    noReason: 'no reason was given',
  },
});
