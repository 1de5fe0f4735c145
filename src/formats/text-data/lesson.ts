import type { ChatMessage } from '../hugging-face/chat-template.ts';

/** What one record asks a model to learn. */
export type Lesson =
  /** All of a text. */
  | { readonly kind: 'document'; readonly text: string }
  /** What the assistant says of a chat, as the template of the model writes it. */
  | { readonly kind: 'chat'; readonly messages: readonly ChatMessage[] }
  /** Parts of a text: those that are asked, and those that are not. */
  | { readonly kind: 'parts'; readonly parts: readonly Part[] };

/** A piece of a text. */
export interface Part {
  readonly text: string;
  readonly asked: boolean;
}
