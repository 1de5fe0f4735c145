import { expect, test } from 'vitest';
import { DEFAULT_TRAINING } from './config.ts';

test('the run of the main job is the one that its documents tell of', () => {
  expect(DEFAULT_TRAINING).toEqual({
    model: {
      vocab: 256,
      embedding: 32,
      context: 16,
      hidden: [256, 256],
      hiddenGain: 1.6,
      headGain: 0.25,
      quantType: 'nf4',
      blocksize: 64,
      r: 8,
      alpha: 16,
    },
    steps: 300,
    answerSteps: 300,
    seed: 42,
    batchSize: 128,
    heldoutFraction: 0.1,
    heldoutBytes: 4096,
    heldoutEvery: 100,
    lossEvery: 10,
    judgeEvery: 100,
    capture: true,
    frozenSteps: 10,
    sampleBytes: 120,
    temperature: 0.5,
    marginBelowFrozen: 1.5,
    marginBelowUnigram: 0.15,
    unigramRuleBytes: 32_768,
    optimizer: { optimizer: 'adamw', lr: 0.003, weight_decay: 0 },
    schedule: { name: 'linear', warmup_ratio: 0.03 },
    max_grad_norm: 0.3,
  });
});
