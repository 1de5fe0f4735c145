import { openChatTemplate } from '../../formats/hugging-face/chat-template.ts';
import type { TextCodec } from '../../formats/hugging-face/tokenizer.ts';
import type { PartFile } from '../../formats/part-file.ts';
import { type ChatFrame, chatFrame } from '../../formats/text-data/chat-frame.ts';
import { type EncodedTexts, encodeTexts } from '../../formats/text-data/encode.ts';
import { isOfMessages } from '../../formats/text-data/lesson.ts';
import { readTextData, type TextFormat } from '../../formats/text-data.ts';
import type { LlamaTrainingConfig } from '../../train/llama/config/read-training-config.ts';

/** The texts of the data, as the model sees them. */
export interface ReadTexts extends EncodedTexts {
  readonly format: TextFormat;
  /** How many the data has; a plain text is one. */
  readonly records: number;
  /** What is around the questions of chats, where the tokenizer's template wrote some. */
  readonly chats?: ChatFrame;
}

/** What of the settings texts depend on. */
export type TextSettings = Pick<LlamaTrainingConfig, 'dataFormat' | 'length'>;

/** Hears how many of the records have become tokens. */
export type TextProgress = (done: number, of: number) => void;

/**
 * Reads a data file and makes tokens of it. Throws as `readTextData` and
 * `encodeTexts` do.
 */
export async function readTexts(
  data: PartFile,
  codec: TextCodec,
  { dataFormat, length }: TextSettings,
  tell?: TextProgress,
): Promise<ReadTexts> {
  const read = await readTextData(data, dataFormat);
  const hasChats = read.lessons.some(({ lesson }) => isOfMessages(lesson));
  const template = hasChats ? await openChatTemplate(codec) : undefined;
  const chats = chatFrame(read.lessons.map(({ lesson }) => lesson));
  return {
    format: read.format,
    records: read.lessons.length,
    ...encodeTexts(read, codec, { length, template, tell }),
    ...(chats ? { chats } : {}),
  };
}
