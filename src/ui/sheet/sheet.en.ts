import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const gigabytes = (bytes: number) =>
  `${units.number(bytes / 2 ** 30, { maximumSignificantDigits: 4 })} GiB`;

/** What models take to be fine-tuned here. */
export const sheetWords = words('sheet', {
  title: 'Which models could learn here?',
  lead: 'What published models, or one of your own, take to be fine-tuned with adapters on this chip: memory part by part, what must be split, and time.',
  setup: 'Setup',
  fields: {
    method: 'Weights',
    rank: 'Rank of the adapters',
    expansion: 'Blocks added in their place, share',
    context: 'Tokens of an example',
    batch: 'Examples of a step',
    optimizer: 'Optimizer',
    examples: 'Examples for the time',
    memory: 'Memory of the graphics chip, GiB',
  },
  optimizers: { adamw: 'AdamW, 32 bits', adamw8bit: 'AdamW, 8 bits' },
  quantZero: 'Zeros of groups in 8 bits',
  quantScale: 'Scales of groups in 8 bits',
  checkpointing: 'Checkpointing: compute blocks again instead of keeping them',
  choose: 'Choose a config.json',
  hint: 'Drop a model’s config.json here (Llama, Mistral, Qwen2, Qwen3) and it comes first; it stays on this computer.',
  forget: 'Leave my model out',
  own: 'your model',
  caption: 'What each model takes',
  columns: {
    model: 'Model',
    parameters: 'Parameters',
    weights: 'Weights',
    adapters: 'Adapters or added blocks',
    optimizer: 'Gradients and optimizer',
    checkpointed: 'Activations, checkpointed',
    whole: 'Activations, kept',
    total: 'Total',
    room: 'Room here',
    splits: 'Split into pieces',
    fastest: 'Fastest, s',
    slowest: 'Slowest, s',
    refusal: 'Refused',
  },
  time: (examples: number) =>
    `Time for ${units.count(examples, { one: 'example', other: 'examples' })}`,
  rooms: {
    fits: 'fits',
    tight: 'fits, barely',
    'too-large': 'does not fit',
    unknown: 'not known',
  },
  madeFor: (tokens: number) => `made for ${units.number(tokens)} tokens`,
  csv: 'Save the table as CSV',
  copy: 'Copy the link',
  copyRefused: 'The browser does not allow that: copy the address instead.',
  told: (bytes: number) => `Room is judged by the ${gigabytes(bytes)} that you named.`,
  device: (bytes: number, capped: boolean) =>
    `Room is judged by this computer’s main memory, which the browser gives as ${gigabytes(bytes)}${capped ? ' or more' : ''}: a chip without memory of its own may take about half. No browser tells how much memory of its own a chip has.`,
  untold:
    'This browser does not tell how much memory there is: name it above, or compare with what your computer has.',
  basis: 'What this rests on',
  memoryBasis:
    'Memory is calculated from shapes, as the engine of this page holds it: linears exactly by the method with its usual groups; embeddings and head in 16 bits; norms and biases in 32; adapters on every linear of a block, with gradients, in 32 bits. Activations are the most that a step holds, in 32 bits, an upper estimate. Weights of methods other than nf4 and fp4 are there once more in 32 bits beside their adapters while their block is; what decoding takes on the way is left out. Moments in 8 bits are those of bitsandbytes.',
  speedBasis: (cases: number, slowest: string, fastest: string) =>
    `Time is the calculated work, from the shapes of the layers, divided by the speed of ${units.number(cases)} products with 4-bit weights that were timed here: ${slowest} to ${fastest} billion operations a second. Other methods, attention, the head and the optimizer are taken as equally fast; decoding, reading data and starting up are left out. It is an estimate, and a real run may take longer.`,
  noSpeed: 'The speed is measured after a whole run, or when you ask for it.',
  limits: (binding: number, buffer: number) =>
    `One binding may hold ${gigabytes(binding)} here (maxStorageBufferBindingSize), one buffer ${gigabytes(buffer)} (maxBufferSize). These are limits of a single piece, not the memory that there is: what is larger has to be split.`,
  noLimits: 'There is no adapter here, so nothing is known of its limits.',
  notOffered:
    'Gradproof proves that the calculations are right; it does not bring these models along.',
});
