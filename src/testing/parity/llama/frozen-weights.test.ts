import { describe, expect, test } from 'vitest';
import { readTrainLlama } from '../../../formats/parity-bundle/train-llama.ts';
import { float64Of } from '../../../formats/safetensors/stored.ts';
import { BundleValues } from './bundle-values.ts';
import { recordingOf } from './fixtures/recording.ts';
import { codedByHqq, decodedByHqq, inFourBits } from './frozen-weights.ts';
import { startOf } from './start.ts';

const LINEAR = 'model.layers.0.self_attn.q_proj';
const hqq = recordingOf('llama_hqq_dora');
const fours = recordingOf('llama_bnb_dora');
const SHAPE = [32, 32];
const tensorsOf = (stored: object) => new BundleValues('train_llama', stored as never);
const coded = (quant = hqq.params.quant, stored: object = hqq.inputs) =>
  codedByHqq(LINEAR, SHAPE, quant, tensorsOf(stored));

describe('a weight of HQQ', () => {
  test('is near the one that it was made of, in words that float32 does not hold', () => {
    const weight = coded() as NonNullable<ReturnType<typeof coded>>;
    expect(Math.max(...weight.parts.packed.data)).toBeGreaterThan(2 ** 24);
    const { data } = decodedByHqq(weight);
    const base = float64Of(hqq.inputs[`base.${LINEAR}.weight`] as never);
    const off = data.map((x, i) => Math.abs(x - (base[i] as number)));
    // Eight values over the range of 32 weights, which are some 0.12 from 0.
    expect(Math.max(...off)).toBeGreaterThan(0.01);
    expect(off.reduce((sum, x) => sum + x, 0) / off.length).toBeLessThan(0.03);
  });

  test('is not there without its codes', () => {
    expect(codedByHqq('lm_head', SHAPE, undefined, tensorsOf(hqq.inputs))).toBeUndefined();
  });

  test.each<[object, string]>([
    [
      { nbits: 4, group_size: 33, axis: 0 },
      'does not keep in 4 bits and groups of 33 along axis 0',
    ],
    [{ nbits: 8, group_size: 32, axis: 0 }, 'W_q has shape 4x32 and should have 32x32'],
    [{ nbits: 3, group_size: 32, axis: 1 }, '.scale has shape 1x32 and should have 32x1'],
  ])('that does not fit is refused: %j', (quant, message) => {
    expect(() => coded(quant as typeof hqq.params.quant)).toThrow(message);
  });

  test('without a zero is refused', () => {
    const { [`q.${LINEAR}.zero`]: _, ...others } = hqq.inputs;
    expect(() => coded(hqq.params.quant, others)).toThrow(`in.q.${LINEAR}.zero is missing`);
  });
});

describe('a weight in 4 bits', () => {
  const shape = [64, 64];
  const { quant } = fours.params;

  test('has its scales, or those that 8 bits of them stand for', () => {
    const { [`q.${LINEAR}.absmax`]: kept, ...others } = fours.inputs;
    const restored = inFourBits(LINEAR, shape, quant, tensorsOf(others))?.parts['absmax'];
    const recorded = float64Of(kept as never);
    const off = recorded.map((x, i) => Math.abs((restored?.data[i] as number) - x) / x);
    // The library may round product and sum at once.
    expect(Math.max(...off)).toBeLessThanOrEqual(2 ** -22);
  });

  test('may be there without the weight that it was made of', () => {
    const { [`base.${LINEAR}.weight`]: _, ...others } = fours.inputs;
    const { frozen } = startOf(fours.params, others);
    expect(frozen[`${LINEAR}.weight`]).toMatchObject({ shape, blocksize: 64 });
  });

  test('needs to be told in which', () => {
    const { quant: _, ...silent } = fours.params;
    expect(() => startOf(readTrainLlama(silent), fours.inputs)).toThrow(
      `${LINEAR} is in 4 bits, and quant with quant_type and blocksize is not given`,
    );
  });
});
