import { openChatTemplate } from '../../formats/hugging-face/chat-template.ts';
import type { TextCodec } from '../../formats/hugging-face/tokenizer.ts';
import type { ChatFrame } from '../../formats/text-data/chat-frame.ts';

/** How what a person asks becomes tokens. */
export interface Prompt {
  /** Whether it is a message of a chat; else the beginning of a text. */
  readonly isChat: boolean;
  /** Throws TemplateError where the template refuses it. */
  readonly encode: (text: string) => readonly number[];
}

/**
 * The prompt of a model that learns texts, or chats with that around their questions: what it is asked
 * is written as what it learns. Throws TemplateError.
 */
export async function promptOf(codec: TextCodec, chats: ChatFrame | undefined): Promise<Prompt> {
  if (!chats) return { isChat: false, encode: (text) => beginning(codec, text) };
  const { lead, ...beside } = chats;
  const template = await openChatTemplate(codec);
  const options = { ...beside, addGenerationPrompt: true };
  return {
    isChat: true,
    encode: (content) => {
      const { text } = template.render([...lead, { role: 'user', content }], options);
      return codec.encode(text, { specials: false });
    },
  };
}

/** A text of nothing begins as every text does. */
function beginning({ bos, eos, ...codec }: TextCodec, text: string): readonly number[] {
  const ids = withoutEnd(codec.encode(text), eos);
  return ids.length > 0 ? ids : [bos ?? eos ?? 0];
}

/** Some tokenizers end every text; one that is to be written on has no end. */
const withoutEnd = (ids: readonly number[], eos: number | undefined): readonly number[] =>
  ids.at(-1) === eos ? ids.slice(0, -1) : ids;
