import { TRAINING_WORDS } from '../../report/training-words.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const steps = (count: number) => units.count(count, { one: 'step', other: 'steps' });

/** Fine-tuning on a text of one's own. */
export const trainingWords = words('training', {
  lead: 'It reads the text byte by byte and learns to predict the next one, on this computer’s GPU: how the text is spelt, not what it means. You see whether it learns, and how fast. The text stays here.',
  howLong: 'How long',
  presets: {
    short: {
      name: 'A quick look',
      what: (count: number) =>
        `${units.number(count)} steps: does it begin to learn? Often too few for an answer.`,
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
  measured:
    'First measure for three seconds which of our kernels are fastest here, and train with those',
  measuring: 'Measuring which kernels are fastest here…',
  start: 'Start',
  again: 'Start again',
  pause: 'Pause',
  pausing: 'Pausing…',
  goOn: 'Go on',
  stop: 'Stop',
  stopping: 'Stopping…',
  pausedAt: (step: number) => `Paused after ${steps(step)}: the chip has nothing to do.`,
  progress: 'Progress of the fine-tuning',
  phases: {
    label: 'What the run does',
    names: {
      preparing: 'Getting ready',
      learning: 'Learning',
      sample: 'Sample',
      frozen: 'Checked against a frozen copy',
      examining: 'Finding out why',
    },
    why: {
      preparing: 'The frozen base in 4 bits is made and checked.',
      learning: 'It takes its steps; the first and every hundredth are recomputed.',
      sample: 'It writes on after a beginning that it never saw.',
      frozen: 'The same steps without learning: what they change is no learning.',
      examining:
        'Something is not as it must be: steps are repeated and examined to find out why, for about a minute.',
    },
    skip: 'Skip this',
  },
  figures: {
    label: 'In numbers',
    text: 'Text',
    trainable: 'Trained parameters',
    frozen: 'Frozen parameters',
    memory: 'Memory, highest so far',
    memoryNow: 'Memory now',
    loss: 'Loss',
    step: 'A step takes (median)',
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
  verdict: TRAINING_WORDS,
});
