import { GradproofError } from '../../errors.ts';
import { FormatError } from '../format-error.ts';
import type { ChatMessage, ChatTemplate } from '../hugging-face/chat-template.ts';
import { isPartOf } from '../hugging-face/tokenizer/offsets.ts';
import type { TextCodec } from '../hugging-face/tokenizer.ts';
import type { TextData } from '../text-data.ts';
import { questionOf } from './chat-frame.ts';
import { DataFileError, FaultList } from './data-file-error.ts';
import type { ChatCompletion, Lesson, Part } from './lesson.ts';

/** A text as a model sees it. */
export interface EncodedText {
  readonly ids: readonly number[];
  /** Which of them have a label. */
  readonly asked: readonly boolean[];
  /** Whether its end was cut off. */
  readonly truncated: boolean;
  /** What a person asks first, of a chat that a template wrote. */
  readonly question?: string;
}

/** Texts as a model sees them. */
export interface EncodedTexts {
  readonly items: readonly EncodedText[];
  /** Records that were left out: within the length nothing of them is asked. */
  readonly dropped: number;
}

/** How texts become tokens. */
export interface EncodeOptions {
  /** Tokens of a text at most: the end of a longer one is cut off. Default the tokenizer's own. */
  readonly length?: number | undefined;
  /** How chats are written: {@link openChatTemplate} of the tokenizer. */
  readonly template?: ChatTemplate | undefined;
  /** Hears how many of the lessons are tokens. Default no one. */
  readonly tell?: ((done: number, of: number) => void) | undefined;
}

/**
 * The lessons of a data file as tokens. A text ends with the token of the end, if there is one. A
 * plain text is cut into pieces of `length`, and of longer records the end is cut off. Throws
 * {@link DataFileError} with every chat that the template refuses, FormatError where chats have no
 * template.
 */
export function encodeTexts(
  { format, lessons }: TextData,
  codec: TextCodec,
  { length = codec.maxLength, template, tell }: EncodeOptions = {},
): EncodedTexts {
  const faults = new FaultList();
  const encoded = lessons.flatMap(({ line, lesson }, i) => {
    tell?.(i, lessons.length);
    try {
      const question = questionOf(lesson);
      const text = encodeLesson(lesson, codec, template);
      return [question === undefined ? text : { ...text, question }];
    } catch (error) {
      if (error instanceof FormatError || !(error instanceof GradproofError)) throw error;
      faults.add(line, error.message);
      return [];
    }
  });
  if (faults.count > 0)
    throw new DataFileError(faults, `${faults.count} of ${lessons.length} chats cannot be written`);
  const all = encoded.flatMap((text) =>
    format === 'plain' ? pieces(text, length) : [cut(text, length)],
  );
  // The first token of a text is predicted from nothing.
  const items = all.filter(({ asked }) => asked.includes(true, 1));
  return { items, dropped: all.length - items.length };
}

type Labelled = Omit<EncodedText, 'truncated'>;

function encodeLesson(
  lesson: Lesson,
  codec: TextCodec,
  template: ChatTemplate | undefined,
): Labelled {
  switch (lesson.kind) {
    case 'document':
      return ended(codec.encode(lesson.text), codec, () => true);
    case 'parts':
      return encodeParts(lesson.parts, codec);
    case 'completion': {
      const { prompt, completion } = lesson;
      const { ids } = ended(codec.encode(prompt + completion), codec, () => true);
      return afterPrompt(codec.encode(prompt), ids);
    }
    case 'chat':
      return needed(template).encode(lesson.messages, lesson);
    case 'chat-completion':
      return encodeChatCompletion(lesson, codec, needed(template));
  }
}

function needed(template: ChatTemplate | undefined): ChatTemplate {
  if (!template)
    throw new FormatError('the data are chats, and the tokenizer has no chat template: give one');
  return template;
}

/** The prompt is written as one that is to be answered, and then all of the chat. */
function encodeChatCompletion(
  { prompt, completion, ...options }: ChatCompletion,
  codec: TextCodec,
  template: ChatTemplate,
): Labelled {
  const idsOf = (messages: readonly ChatMessage[], addGenerationPrompt: boolean) =>
    codec.encode(template.render(messages, { ...options, addGenerationPrompt }).text, {
      specials: false,
    });
  return afterPrompt(idsOf(prompt, true), idsOf([...prompt, ...completion], false));
}

/**
 * All ids, asked from where they part from the prompt's own: a completion begins there in TRL's
 * SFTTrainer (`common_prefix_length` of TRL 1.16.0), also where its beginning and the end of the
 * prompt are one token.
 */
function afterPrompt(prompt: readonly number[], ids: readonly number[]): Labelled {
  const apart = ids.findIndex((id, at) => id !== prompt[at]);
  return { ids, asked: ids.map((_, at) => apart >= 0 && at >= apart) };
}

/** Ids with that of the end behind them, which is asked as what stands before it is. */
function ended(
  ids: readonly number[],
  { eos }: TextCodec,
  asks: (at: number) => boolean,
): Labelled {
  const all = eos === undefined || ids.at(-1) === eos ? ids : [...ids, eos];
  return { ids: all, asked: all.map((_, at) => asks(at)) };
}

function encodeParts(parts: readonly Part[], codec: TextCodec): Labelled {
  const { ids, spans } = codec.align(parts.map(({ text }) => text).join(''));
  let at = 0;
  const asked = parts.flatMap((part) => {
    const start = at;
    at += part.text.length;
    return part.asked ? [{ start, end: at }] : [];
  });
  const last = parts.at(-1)?.asked ?? false;
  return ended(ids, codec, (place) => {
    const span = spans[place];
    // What is put behind the text, here or by the tokenizer, belongs to its last part.
    if (!span || span.start >= at) return last;
    return isPartOf(span, asked);
  });
}

const cut = ({ ids, asked, ...text }: Labelled, length = ids.length): EncodedText => ({
  ...text,
  ids: ids.slice(0, length),
  asked: asked.slice(0, length),
  truncated: ids.length > length,
});

/** A long text in pieces one behind the other. */
function pieces({ ids, asked }: Labelled, length = ids.length): readonly EncodedText[] {
  return Array.from({ length: Math.ceil(ids.length / length) }, (_, i) => ({
    ids: ids.slice(i * length, (i + 1) * length),
    asked: asked.slice(i * length, (i + 1) * length),
    truncated: false,
  }));
}
