/**
 * `gradproof/text`: the tokenizer and the chat template of a folder of Hugging Face's, and data
 * files as batches that a language model learns from. Needs no GPU.
 */

export type { Examples } from '../data/examples.ts';
export {
  countTokens,
  type LabelledTokens,
  listed,
  packedRows,
  packedTexts,
  paddedTexts,
} from '../data/labelled-tokens.ts';
export { DataLoader } from '../data/loader.ts';
export {
  type ChatMessage,
  type ChatTemplate,
  openChatTemplate,
  type RenderOptions,
} from '../formats/hugging-face/chat-template.ts';
export { endTokens } from '../formats/hugging-face/end-tokens.ts';
export { openTokenizer, type TextCodec } from '../formats/hugging-face/tokenizer.ts';
export { type PartFile, partsOfBlob } from '../formats/part-file.ts';
export { type EncodeOptions, encodeTexts } from '../formats/text-data/encode.ts';
export { piecesOf } from '../formats/text-data/pieces.ts';
export {
  readTextData,
  TEXT_FORMATS,
  type TextData,
  type TextFormat,
} from '../formats/text-data.ts';
