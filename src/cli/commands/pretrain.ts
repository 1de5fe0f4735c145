import { join } from 'node:path';
import { globals } from 'webgpu';
import { FOREST } from '../../data/tales/forest.ts';
import { tales } from '../../data/tales/tales.ts';
import { openTokenizer, type TextCodec } from '../../formats/hugging-face/tokenizer.ts';
import { Gpu } from '../../gpu/gpu.ts';
import { filesIn } from '../../harness/worker/node-folder.ts';
import { nodeGpu } from '../../harness/worker/node-gpu.ts';
import { modelFiles } from '../../train/pretraining/model-files.ts';
import { type Pretrained, pretrain } from '../../train/pretraining/pretrain.ts';
import { RECIPE, type Recipe } from '../../train/pretraining/recipe.ts';
import { EXIT, UsageError } from '../exit.ts';
import { makeFolder, readInput, writeOutput } from '../files.ts';
import { Interrupt } from '../interrupt.ts';
import { type Voice, voiceOn } from '../output/voice.ts';
import { findNodeHost } from '../runtime/node.ts';
import { PAGE_FOLDER } from '../server.ts';

/** What `gradproof pretrain` understands. */
export interface PretrainOptions {
  readonly steps: number;
  readonly out: string;
  readonly tales: string;
}

/** Where the tokenizer is, which is made once, and the model beside it. */
const MODEL_FOLDER = join(PAGE_FOLDER, 'model');
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json'];

/** Makes the model of the page anew, and writes its folder; returns the exit status. */
export async function pretrainCommand({
  steps,
  out,
  tales: listed,
}: Partial<PretrainOptions>): Promise<number> {
  const voice = voiceOn(process.stdout);
  if (listed !== undefined) {
    const lines = tales(FOREST, RECIPE.taleCount, RECIPE.seed).map((tale) => `${tale}\n`);
    writeOutput('--tales', listed, lines.join(''));
    return EXIT.ok;
  }
  if (out === undefined) throw new UsageError('--out: name the folder that the model goes to');
  makeFolder('--out', out);
  const recipe: Recipe = { ...RECIPE, steps: steps ?? RECIPE.steps };
  const codec = await openTokenizer(await filesIn(MODEL_FOLDER));
  using interrupt = new Interrupt();
  const { adapter, env } = await findNodeHost();
  Object.assign(process.env, env);
  Object.assign(globalThis, globals);
  using gpu = await Gpu.request(nodeGpu());
  voice.say(`pretraining on ${adapter}`);
  const made = await pretrained(voice, gpu, recipe, codec, interrupt.signal);
  if (!made) return EXIT.interrupted;
  const { weights, heldout } = made;
  voice.say(`on tales that it was not told: loss ${heldout.toFixed(3)}`);
  const { model: sizes, length: context } = recipe;
  const files = await modelFiles(gpu, weights, { sizes, context, eos: codec.eos as number });
  for (const { name, data } of files) writeOutput('--out', join(out, name), data);
  for (const name of TOKENIZER_FILES)
    writeOutput('--out', join(out, name), readInput('tokenizer', join(MODEL_FOLDER, name)));
  voice.say(`In ${out}: ${[...files.map(({ name }) => name), ...TOKENIZER_FILES].join(', ')}`);
  return EXIT.ok;
}

async function pretrained(
  voice: Voice,
  gpu: Gpu,
  recipe: Recipe,
  codec: TextCodec,
  signal: AbortSignal,
): Promise<Pretrained | undefined> {
  const { taleCount, heldoutTales, seed } = recipe;
  const idsOf = (count: number, from: number) =>
    Int32Array.from(
      tales(FOREST, count, from).flatMap((tale) => [...codec.encode(tale), codec.eos as number]),
    );
  const text = { train: idsOf(taleCount, seed), heldout: idsOf(heldoutTales, seed + 1) };
  voice.say(`${text.train.length} tokens of ${taleCount} tales, ${recipe.steps} steps`);
  const run = pretrain(gpu, recipe, text);
  for (;;) {
    if (signal.aborted) {
      await run.return(undefined as never);
      return undefined;
    }
    const { value, done } = await run.next();
    if (done) return value;
    voice.say(`step ${value.step}: loss ${value.loss.toFixed(3)}`);
  }
}
