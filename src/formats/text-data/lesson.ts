import type { ChatMessage, RenderOptions } from '../hugging-face/chat-template.ts';

/** What one record asks a model to learn. */
export type Lesson =
  /** All of a text. */
  | { readonly kind: 'document'; readonly text: string }
  /** What the assistant says of a chat, as the template of the model writes it. */
  | ChatLesson
  /** Parts of a text: those that are asked, and those that are not. */
  | { readonly kind: 'parts'; readonly parts: readonly Part[] };

/** A chat, and what the template is told beside it. */
export interface ChatLesson extends Pick<RenderOptions, 'tools' | 'variables'> {
  readonly kind: 'chat';
  readonly messages: readonly ChatMessage[];
}

/** A piece of a text. */
export interface Part {
  readonly text: string;
  readonly asked: boolean;
}
