import type { ChatMessage, RenderOptions } from '../hugging-face/chat-template.ts';

/** What one record asks a model to learn. */
export type Lesson =
  /** All of a text. */
  | { readonly kind: 'document'; readonly text: string }
  /** What the assistant says of a chat, as the template of the model writes it. */
  | ChatLesson
  /** What follows a prompt, of texts or of messages. */
  | { readonly kind: 'completion'; readonly prompt: string; readonly completion: string }
  | ChatCompletion
  /** Parts of a text: those that are asked, and those that are not. */
  | { readonly kind: 'parts'; readonly parts: readonly Part[] };

/** A chat, and what the template is told beside it. */
export interface ChatLesson extends Pick<RenderOptions, 'tools' | 'variables'> {
  readonly kind: 'chat';
  readonly messages: readonly ChatMessage[];
}

/** Messages, and those that a model learns to add to them. */
export interface ChatCompletion extends Pick<RenderOptions, 'tools' | 'variables'> {
  readonly kind: 'chat-completion';
  readonly prompt: readonly ChatMessage[];
  readonly completion: readonly ChatMessage[];
}

/** Whether a lesson is written by a chat template. */
export const isOfMessages = ({ kind }: Lesson): boolean =>
  kind === 'chat' || kind === 'chat-completion';

/** A piece of a text. */
export interface Part {
  readonly text: string;
  readonly asked: boolean;
}
