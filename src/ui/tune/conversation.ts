import type { TextCodec } from '../../formats/hugging-face/tokenizer.ts';
import type { Questions } from '../../harness/tuning/questions.ts';
import type { Answerer, AnswerPart, Question } from '../../train/llama/question.ts';
import { Observable } from '../controls/observable.ts';

/** What is asked, as a person puts it. */
export interface Asked {
  readonly prompt: string;
  /** Whether tokens are drawn; else each is the likeliest. */
  readonly sampled: boolean;
}

/** What one of the two has written so far. */
export interface Written {
  readonly text: string;
  readonly done: boolean;
  /** Steps that the model had made, once the answer is whole. */
  readonly step?: number;
  /** Why there is no answer, or no more of it. */
  readonly refused?: string;
}

/** A question with both answers. */
export interface Exchange extends Asked {
  readonly frozen: Written;
  readonly tuned: Written;
}

/** Tokens of an answer: a few sentences. */
const MOST_TOKENS = 48;

/** Below 1, so that a small model keeps to what it knows. */
const TEMPERATURE = 0.8;

const NOTHING: Written = { text: '', done: false };

/** Asks the model of a run one question at a time, and follows both answers as they are written. */
export class Conversation {
  /** The question that was put last. */
  readonly exchange = new Observable<Exchange | undefined>(undefined);
  readonly #questions: Pick<Questions, 'ask'>;
  readonly #codec: TextCodec;
  readonly #context: number;
  #drop = () => {};
  #count = 0;

  /** `context`: tokens that the model of the run reads. */
  constructor(questions: Pick<Questions, 'ask'>, codec: TextCodec, context: number) {
    this.#questions = questions;
    this.#codec = codec;
    this.#context = context;
  }

  /** Puts a question; what is still written of the one before is dropped. */
  ask(asked: Asked): void {
    this.#drop();
    this.#count += 1;
    const question = this.#question(asked);
    const ids: Record<Answerer, number[]> = { frozen: [], tuned: [] };
    this.exchange.value = { ...asked, frozen: NOTHING, tuned: NOTHING };
    this.#drop = this.#questions.ask(question, (part) => {
      const { exchange } = this;
      if (!exchange.value) return;
      if (part.type === 'token') ids[part.by].push(part.token);
      const written = writtenAs(this.#textAfter(question.prompt, ids[part.by]), part);
      exchange.value = { ...exchange.value, [part.by]: written };
    });
  }

  /** Decoders may write the first token of a text otherwise than one that follows others. */
  #textAfter(prompt: readonly number[], ids: readonly number[]): string {
    const decode = (all: readonly number[]) => this.#codec.decode(all, { specials: false });
    const before = decode(prompt);
    const whole = decode([...prompt, ...ids]);
    return whole.startsWith(before) ? whole.slice(before.length) : decode(ids);
  }

  /** A text of nothing begins as every text does, and a long one with its end. */
  #question({ prompt, sampled }: Asked): Question {
    const { bos, eos } = this.#codec;
    const read = withoutEnd(this.#codec.encode(prompt), eos);
    const room = Math.max(this.#context - MOST_TOKENS, Math.ceil(this.#context / 2));
    const ids = read.length > 0 ? read : [bos ?? eos ?? 0];
    return {
      prompt: ids.slice(-room),
      maxTokens: MOST_TOKENS,
      ...(eos === undefined ? {} : { eos: [eos] }),
      choose: sampled ? { temperature: TEMPERATURE, seed: this.#count } : 'greedy',
    };
  }
}

/** Some tokenizers end every text; one that is to be written on has no end. */
const withoutEnd = (ids: readonly number[], eos: number | undefined): readonly number[] =>
  ids.at(-1) === eos ? ids.slice(0, -1) : ids;

function writtenAs(text: string, part: AnswerPart): Written {
  switch (part.type) {
    case 'token':
      return { text, done: false };
    case 'end':
      return { text, done: true, step: part.step };
    case 'refused':
      return { text, done: true, refused: part.message };
  }
}
