import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';
import type { Sending } from './sent-log.ts';
import type { SettingField } from './settings.ts';

const { number, bytes, count } = units;
const steps = (n: number) => count(n, { one: 'step', other: 'steps' });
const texts = (n: number) => count(n, { one: 'text', other: 'texts' });
const lines = (n: number) => count(n, { one: 'line', other: 'lines' });
const tokens = (n: number) => count(n, { one: 'token', other: 'tokens' });

/** Fine-tuning of a model of a folder: what is chosen, and how it goes. */
export const tuningWords = words('tuning', {
  setup: 'Data and settings',
  folder: {
    heading: 'Folder or file of the model',
    none: 'No model is chosen yet',
    named: (name: string, files: number, size: number) =>
      `${name}: ${count(files, { one: 'file', other: 'files' })}, ${bytes(size)}`,
    hint: 'config.json, safetensors and tokenizer.json, as save_pretrained writes them: Llama, Qwen2, Qwen3 or Mistral; or one GGUF file of llama.cpp. Or drop either anywhere on the page. It is read here, layer by layer, and sent nowhere.',
    choose: 'Choose a folder',
    chooseFile: 'Choose a GGUF file',
    small: 'Gradproof’s small model',
  },
  data: {
    heading: 'Data',
    own: 'Tales of a space station, made by this project',
    named: (name: string, size: number) => `${name}, ${bytes(size)}`,
    hint: 'Or a file of yours: plain text, or records of JSON with chats, instructions or texts. Drop it anywhere on the page.',
    choose: 'Choose a data file',
    forget: 'Take the tales',
    read: (n: number, format: string) => `${texts(n)} (${format})`,
    dropped: (n: number) => `${texts(n)} left out: nothing in their first tokens is asked`,
  },
  adapter: {
    heading: 'Adapter to go on from',
    none: 'None: a new one is made',
    named: (name: string, size: number) => `${name}, ${bytes(size)}`,
    hint: 'adapter_model.safetensors and adapter_config.json, as this page or PEFT saved them for this model: choose both, or drop them anywhere on the page. Its rank and its layers stay as they are.',
    choose: 'Choose its files',
    forget: 'Make a new one',
    onReference:
      'Without WebGPU no adapter can be gone on from: take one away by loading the page anew.',
  },
  seen: {
    heading: (n: number) =>
      n === 1
        ? 'A text as the model sees it'
        : `The first ${number(n)} texts as the model sees them`,
    legend: 'Underlined: what it learns to say. Framed: tokens that are no text.',
    facts: (all: number, asked: number) => `${tokens(all)}, ${number(asked)} of them asked`,
    cut: 'its end was cut off: it is longer than the length below',
    more: (n: number) => `… and ${tokens(n)} more`,
  },
  settings: {
    heading: 'Settings',
    fields: {
      type: 'Type',
      max_steps: 'Steps',
      'lora.r': 'Rank',
      learning_rate: 'Learning rate',
      max_length: 'Length, in tokens',
    } satisfies Record<SettingField, string>,
    usual: 'usual',
    more: 'All settings',
    moreLead:
      'By the names that transformers and PEFT have. The command line takes the same file: train --model … --config settings.json',
    choose: 'Choose a settings file',
    save: 'Save these settings',
    reset: 'The usual settings',
    repair: 'Leave out what is refused',
    named: (name: string) => `From ${name}`,
  },
  reading: 'Reading what is chosen…',
  readingTexts: (done: number, of: number) =>
    `Making tokens of the data: ${number(done)} of ${count(of, { one: 'record', other: 'records' })}…`,
  forecast: {
    total: (size: number) =>
      `It takes about ${bytes(size)} of graphics memory at most, by calculation.`,
    parts: 'In parts',
    frozen: 'the model as it is',
    trained: 'what is trained, with gradients and optimizer',
    step: 'a step, at its largest',
    largest: (name: string, size: number) => `The largest piece is ${name}: ${bytes(size)}.`,
    limit: (size: number) => `This adapter binds ${bytes(size)} at once.`,
  },
  starts: {
    summary: (model: string, type: string, of: number, made: number, size: number) =>
      `${model} learns ${texts(of)} in ${steps(made)} of ${type}, with about ${bytes(size)} of graphics memory.`,
    onReference: (model: string, type: string, of: number, made: number) =>
      `${model} learns ${texts(of)} in ${steps(made)} of ${type}, on the reference.`,
    overwrites:
      'All weights change, so that from the first step on it answers as it is, no longer as it was.',
    nothing: 'Choose a model first.',
    faulty: 'What is marked above does not fit together yet.',
  },
  reference:
    'There is no WebGPU here. So it is trained on the reference: in double precision, on one core of the processor, which is slow. It trains full, lora and qlora, without dropout or packing; the model cannot be asked, and a tab that closes ends the run.',
  start: 'Start',
  again: 'Start again',
  pause: 'Pause',
  pausing: 'Pausing…',
  goOn: 'Go on',
  stop: 'Stop and keep',
  stopping: 'Stopping…',
  pausedAt: (step: number) => `Paused after ${steps(step)}. You can ask the model meanwhile.`,
  loading: 'The model is being loaded…',
  examining: 'The first step is recomputed op by op, in double precision…',
  progress: 'Progress of the fine-tuning',
  busy: 'Something else computes: wait for its end, so that neither slows the other down.',
  subject: (model: string, data: string) => `${model}, on: ${data}`,
  sending: ({ sink, lost, end }: Sending) => {
    if (!end)
      return lost === undefined
        ? `Its log goes to ${sink}.`
        : `${sink} does not take its log now: ${lost}. What is missing is sent later.`;
    return end.sent === end.rows
      ? `${sink} has its log: ${lines(end.rows)}.`
      : `${sink} has ${number(end.sent)} of ${lines(end.rows)} of its log: save the log as a file.`;
  },
  figures: {
    label: 'In numbers',
    texts: 'Texts, and held out',
    both: (learnt: number, heldout: number) => `${number(learnt)} + ${number(heldout)}`,
    trainable: 'Trained parameters',
    frozen: 'Frozen parameters',
    loss: 'Loss',
    heldout: 'Held-out loss',
    memory: 'Memory, highest so far',
    pace: 'Tokens a second',
    judged: 'Steps recomputed',
    none: '…',
  },
  charts: {
    learningRate: { caption: 'Learning rate', unit: 'learning rate' },
    gradNorm: { caption: 'Gradient norm, before clipping', unit: 'norm' },
    pace: { caption: 'Speed', unit: 'tokens a second' },
  },
  verdict: {
    learnt: 'It learnt.',
    learntSlowly: 'It learnt, on a processor.',
    learntOnReference: 'It learnt, on the reference, without WebGPU.',
    stopped: (step: number) => `Stopped after ${steps(step)}; what was trained is kept.`,
    stoppedEarly: 'Stopped before the first step.',
    tooShort: 'Too few steps for an answer.',
    broke: 'The run did not end as it should.',
    fell: (before: string, after: string) =>
      `On texts that it never saw, the loss went from ${before} to ${after} nats a token.`,
    judged: (n: number) =>
      n === 1
        ? '1 step was recomputed in double precision and agreed.'
        : `${steps(n)} were recomputed in double precision and agreed.`,
  },
  files: {
    heading: 'What came of it, as files',
    adapter: 'Both together are an adapter as PEFT keeps it.',
    weights: 'Weights as transformers keeps them.',
    save: (name: string, size: number) => `Save ${name} (${bytes(size)})`,
    log: 'Save the log (JSON lines)',
    logCsv: 'Save the log (CSV)',
    trace: 'Save the trace (for Perfetto)',
    report: 'Save the report',
    bothEnd:
      'Report and trace are written when the talk with the model ends: to save one ends the talk.',
    reportEnds:
      'The report is written when the talk with the model ends: to save it ends the talk.',
  },
});
