import { GradproofError } from '../../errors.ts';
import type { TextCodec } from '../../formats/hugging-face/tokenizer.ts';
import type { Questions } from '../../harness/tuning/questions.ts';
import type { Answerer, AnswerPart, Cut, Question } from '../../train/llama/question.ts';
import type { ReadAtOnce } from '../../train/llama/run-plan.ts';
import { Observable } from '../controls/observable.ts';
import type { Prompt } from './prompt.ts';

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
  /** Absent of one that ended by itself. */
  readonly cut?: Cut;
}

/** Of a beginning that is too long, the tokens at its end that the model reads. */
export interface CutPrompt {
  readonly tokens: number;
  readonly read: number;
}

/** A question with both answers. */
export interface Exchange extends Asked {
  /** Whether it is a message of a chat; else the beginning of a text. */
  readonly isChat: boolean;
  /** Absent of one that is read whole. */
  readonly cut?: CutPrompt;
  readonly frozen: Written;
  readonly tuned: Written;
}

/** Tokens of an answer: a few sentences. */
const MOST_TOKENS = 48;

/** Below 1, so that a small model keeps to what it knows. */
const TEMPERATURE = 0.8;

/** What stands before an answer: of a chat the question has a line of its own. */
export const leadOf = ({ isChat, prompt }: Exchange): string => (isChat ? `${prompt}\n` : prompt);

const NOTHING: Written = { text: '', done: false };

/** Asks the model of a run one question at a time, and follows both answers as they are written. */
export class Conversation {
  /** The question that was put last. */
  readonly exchange = new Observable<Exchange | undefined>(undefined);
  /** How long a question and its answer may be. */
  readonly reads: ReadAtOnce;
  readonly #questions: Pick<Questions, 'ask'>;
  readonly #codec: TextCodec;
  readonly #prompt: Prompt;
  readonly #ends: readonly number[];
  #drop = () => {};
  #count = 0;

  constructor(
    questions: Pick<Questions, 'ask'>,
    codec: TextCodec,
    {
      prompt,
      reads,
      ends,
    }: Readonly<{ prompt: Prompt; reads: ReadAtOnce; ends: readonly number[] }>,
  ) {
    this.#questions = questions;
    this.#codec = codec;
    this.#prompt = prompt;
    this.#ends = ends;
    this.reads = reads;
  }

  /** Whether questions are messages of a chat, as the data have them. */
  get isChat(): boolean {
    return this.#prompt.isChat;
  }

  /** Puts a question; what is still written of the one before is dropped. */
  ask(asked: Asked): void {
    this.#drop();
    this.#drop = () => {};
    this.#count += 1;
    const { isChat } = this;
    let read: { readonly ids: readonly number[]; readonly cut?: CutPrompt };
    try {
      read = this.#read(asked.prompt);
    } catch (error) {
      if (!(error instanceof GradproofError)) throw error;
      const refused = { text: '', done: true, refused: error.message };
      this.exchange.value = { ...asked, isChat, frozen: refused, tuned: refused };
      return;
    }
    const { ids: prompt, ...cut } = read;
    const ids: Record<Answerer, number[]> = { frozen: [], tuned: [] };
    this.exchange.value = { ...asked, isChat, ...cut, frozen: NOTHING, tuned: NOTHING };
    this.#drop = this.#questions.ask(this.#question(prompt, asked), (part) => {
      const { exchange } = this;
      if (!exchange.value) return;
      if (part.type === 'token') ids[part.by].push(part.token);
      const written = writtenAs(this.#textAfter(prompt, ids[part.by]), part);
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

  /**
   * What the model reads of a prompt: of a long beginning its end, so that an answer has room. A chat
   * without its beginning is none, and is left to the model to refuse.
   */
  #read(text: string): { readonly ids: readonly number[]; readonly cut?: CutPrompt } {
    const ids = this.#prompt.encode(text);
    const { tokens } = this.reads;
    const room = Math.max(tokens - MOST_TOKENS, Math.ceil(tokens / 2));
    if (this.isChat || ids.length <= room) return { ids };
    return { ids: ids.slice(-room), cut: { tokens: ids.length, read: room } };
  }

  #question(prompt: readonly number[], { sampled }: Asked): Question {
    return {
      prompt,
      maxTokens: MOST_TOKENS,
      eos: this.#ends,
      choose: sampled ? { temperature: TEMPERATURE, seed: this.#count } : 'greedy',
    };
  }
}

function writtenAs(text: string, part: AnswerPart): Written {
  switch (part.type) {
    case 'token':
      return { text, done: false };
    case 'end':
      return {
        ...{ text, done: true, step: part.step },
        ...(part.cut === undefined ? {} : { cut: part.cut }),
      };
    case 'refused':
      return { text, done: true, refused: part.message };
  }
}
