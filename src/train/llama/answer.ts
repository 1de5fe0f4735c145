import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { generate } from '../../models/generation/generate.ts';
import type { Llama } from '../../models/llama/llama.ts';
import type { Answerer, AnswerPart, Question } from './question.ts';

/** A model in training. */
export interface Answering {
  readonly gpu: Gpu;
  readonly model: Llama;
  /** Tokens that it could read at once with another max_length. */
  readonly most: number;
  /** Whether adapters or added blocks are trained, without which the model is as it was. */
  readonly keepsFrozen: boolean;
}

/**
 * One answer to a question by the model after so many steps, or by the one that it was, which is
 * the same without its adapters or added blocks. Numbers that are drawn are those of the question's
 * own seed, so that no bit of the training changes. It ends where the longest text does that the
 * model reads, and as soon as it is not wanted. What cannot be answered is told as a part of the
 * answer.
 */
export async function* answer(
  by: Answerer,
  { prompt, maxTokens, ...options }: Question,
  step: number,
  { gpu, model, keepsFrozen, most }: Answering,
): AsyncGenerator<AnswerPart, void> {
  const room = model.length - prompt.length + 1;
  try {
    if (room < 1) throw new LongPromptError(prompt.length, model.length, most);
    if (by === 'frozen' && !keepsFrozen && step > 0) throw new NoFrozenModelError();
    using _without = by === 'frozen' && keepsFrozen ? model.withoutAdapters() : undefined;
    const within = { ...options, maxTokens: Math.min(maxTokens, room) };
    let written = 0;
    let isEnded = false;
    for await (const token of generate(gpu, model, prompt, within)) {
      written += 1;
      isEnded = within.eos?.includes(token) ?? false;
      yield { type: 'token', by, token };
    }
    const isCut = written === within.maxTokens && !isEnded;
    yield { type: 'end', by, step, ...(isCut ? { cut: room < maxTokens ? 'room' : 'asked' } : {}) };
  } catch (error) {
    if (!(error instanceof GradproofError) || gpu.lost) throw error;
    yield { type: 'refused', by, code: error.code, message: error.message };
  }
}

/** All weights are trained, and no copy of the first ones is kept. */
class NoFrozenModelError extends GradproofError {
  constructor() {
    super(
      'no-frozen-model',
      'all weights are trained, so the model that it was is there before the first step alone: ask then, or train an adapter',
    );
  }
}

/** No token of an answer has room. */
class LongPromptError extends GradproofError {
  constructor(tokens: number, reads: number, most: number) {
    const larger = most > reads ? `, or train with a larger max_length, up to ${most}` : '';
    super(
      'prompt-too-long',
      `the question has ${tokens} tokens, and the model reads ${reads} at once: ask less${larger}`,
    );
  }
}
