import type { Value } from '../../../src/reference/record.ts';
import type { CaseContext } from '../../../src/testing/context.ts';
import type { TrainingTypeName } from '../../../src/train/llama/config/types.ts';
import { FEW_TOKENS, NARROW, tinyLlama } from './tiny-llama.ts';
import { fallOf, settingsOf, textsOf, typeRun } from './type-run.ts';

const STEPS = 50;
const RATE = 5e-3;
/** The catalog's, of each loss. */
const APART = 1e-4;

/** Two types that compute the same have at each of 50 steps the same loss, and learn. */
export async function expectAlike(
  t: CaseContext,
  [type, own]: readonly [TrainingTypeName, TrainingTypeName],
): Promise<void> {
  const tiny = tinyLlama(t, FEW_TOKENS, NARROW);
  const texts = textsOf(t, tiny);
  const lossesOf = async (name: TrainingTypeName): Promise<Value> => {
    const config = settingsOf(name, { max_steps: STEPS, learning_rate: RATE });
    const { losses } = await typeRun(t, tiny, { config, texts });
    return { shape: [losses.length], data: Float64Array.from(losses) };
  };
  const expected = await lossesOf(type);
  const actual = await lossesOf(own);
  const fall = fallOf([...expected.data]);
  t.expect(fall > 0.1, () => `the loss fell by ${fall}: nothing is learnt`);
  const bound = new Float64Array(STEPS).fill(APART);
  t.expectAccepted('losses', actual, expected, { kind: 'within', bound });
}
