/** Kinds of tokens in `tokenizer.ggml.token_type` (TokenType of gguf/constants.py). */
export const NORMAL = 1;
export const UNKNOWN = 2;
export const CONTROL = 3;
export const USER_DEFINED = 4;
export const UNUSED = 5;
export const BYTE = 6;

/** Names of tokens, by transformers, whose ids GGUF has keys for. */
export const TOKEN_KEYS = {
  bos_token: 'bos_token_id',
  eos_token: 'eos_token_id',
  unk_token: 'unknown_token_id',
  sep_token: 'seperator_token_id',
  pad_token: 'padding_token_id',
  mask_token: 'mask_token_id',
} as const;

/** The key of a whole tokenizer.json, where a file has it (docs/gguf.md of ggml). */
export const WHOLE_PIPELINE = 'tokenizer.huggingface.json';

/** SentencePiece's sign for a space. */
export const SPACE = '▁';
