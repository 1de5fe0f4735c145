import { messageOf } from '../../errors.ts';
import { quote } from '../format-error.ts';
import { strftime } from './chat/date.ts';
import { hasGeneration, marksBeside, takenOut, withMarks } from './chat/generation.ts';
import { TemplateError } from './chat/template-error.ts';
import { isPartOf, type Span } from './tokenizer/offsets.ts';
import type { TextCodec } from './tokenizer.ts';

/** A message of a chat: `role`, `content`, and what else a template reads, as `tool_calls`. */
export interface ChatMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly [field: string]: unknown;
}

/** What a template is told beside the messages. */
export interface RenderOptions {
  /** Begin an answer of the assistant at the end. Default false. */
  readonly addGenerationPrompt?: boolean | undefined;
  /** Tools by their JSON schemas. */
  readonly tools?: readonly object[] | undefined;
  /** Other variables of the template, as `date_string`. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  /** What `strftime_now` says. Default now. */
  readonly now?: Date | undefined;
}

/** A chat as text. */
export interface RenderedChat {
  readonly text: string;
  /** What stood in `{% generation %}` blocks; undefined for a template without them. */
  readonly said: readonly Span[] | undefined;
}

/** A chat as ids, and which of them the assistant says. */
export interface EncodedChat {
  readonly ids: readonly number[];
  readonly asked: readonly boolean[];
}

/** A chat template of Hugging Face's that was read. */
export interface ChatTemplate {
  /** Throws {@link TemplateError} where the template refuses the chat. */
  render(messages: readonly ChatMessage[], options?: RenderOptions): RenderedChat;
  /**
   * The ids of a rendered chat, as `apply_chat_template` of transformers gives them: the template
   * itself writes what begins a text, and nothing is put around it. Asked is every token with a
   * part of what the assistant says: what stands in `{% generation %}` blocks, or in a template
   * without them what an assistant's message adds to the chat before it with its prompt. Throws
   * {@link TemplateError} also where such a part is not what the whole chat begins with.
   */
  encode(messages: readonly ChatMessage[], options?: RenderOptions): EncodedChat;
}

/**
 * Reads a Jinja template, by default that of the tokenizer. Throws {@link TemplateError} where
 * there is none or it is broken. Loads `@huggingface/jinja` when it is called first.
 */
export async function openChatTemplate(
  codec: TextCodec,
  source: string | undefined = codec.chatTemplate,
): Promise<ChatTemplate> {
  if (source === undefined)
    throw new TemplateError(
      'template-missing',
      'the tokenizer has no chat template: give one, or data that are no chats',
    );
  const { Template } = await import('@huggingface/jinja');
  const compile = (text: string) => {
    try {
      return new Template(CLOCK + text);
    } catch (cause) {
      throw new TemplateError(
        'template-broken',
        `the chat template cannot be read: ${quote(messageOf(cause))}; give the template as transformers has it`,
        { cause },
      );
    }
  };
  const plain = compile(source);
  const marked = hasGeneration(source);
  const run = (template: InstanceType<typeof Template>, variables: object): string => {
    try {
      return template.render({ ...variables });
    } catch (cause) {
      throw new TemplateError(
        'template-refuses',
        `the chat template refuses the chat: ${quote(messageOf(cause))}`,
        { cause },
      );
    }
  };
  const render = (messages: readonly ChatMessage[], options: RenderOptions = {}): RenderedChat => {
    const variables = variablesOf(codec, messages, options);
    if (!marked) return { text: run(plain, variables), said: undefined };
    const marks = marksBeside(source + JSON.stringify(variables));
    return takenOut(run(compile(withMarks(source, ...marks)), variables), ...marks);
  };
  return {
    render,
    encode: (messages, options) => {
      const whole = render(messages, options);
      const said = whole.said ?? turnsIn(whole.text, messages, render, options);
      const { ids, spans } = codec.align(whole.text, { specials: false });
      return { ids, asked: spans.map((span) => isPartOf(span, said)) };
    },
  };
}

/** Lets the template ask our clock: the library's own writes months in the machine's language. */
const CLOCK = '{% set strftime_now = strftime_at %}\n';

/** Names of what was thought before an answer; the first is the one that templates read. */
const REASONING = ['reasoning_content', 'thinking', 'reasoning'] as const;

/** A message as transformers tells it: without fields that are null, thoughts by their names. */
function told(message: ChatMessage): Readonly<Record<string, unknown>> {
  const given = Object.fromEntries(
    Object.entries(message).filter(([, value]) => value !== null && value !== undefined),
  );
  const name = REASONING.find((field) => given[field] !== undefined);
  if (name === undefined) return given;
  return { thinking: given[name], ...given, reasoning_content: given[name] };
}

/** What transformers tells a template. */
function variablesOf(
  codec: TextCodec,
  messages: readonly ChatMessage[],
  { addGenerationPrompt = false, tools, variables, now }: RenderOptions,
): Readonly<Record<string, unknown>> {
  const date = now ?? new Date();
  return {
    messages: messages.map(told),
    tools: tools ?? null,
    documents: null,
    add_generation_prompt: addGenerationPrompt,
    ...codec.namedTokens,
    ...variables,
    strftime_at: (format: string) => strftime(date, format),
  };
}

/** What each message of the assistant adds to the chat before it and its prompt. */
function turnsIn(
  text: string,
  messages: readonly ChatMessage[],
  render: ChatTemplate['render'],
  options: RenderOptions | undefined,
): readonly Span[] {
  return messages.flatMap(({ role }, at) => {
    if (role !== 'assistant') return [];
    const part = (count: number, addGenerationPrompt: boolean) =>
      render(messages.slice(0, count), { ...options, addGenerationPrompt }).text;
    const before = part(at, true);
    const after = part(at + 1, false);
    if (after.startsWith(before) && text.startsWith(after))
      return [{ start: before.length, end: after.length }];
    throw new TemplateError(
      'template-no-prefix',
      `the chat template renders the chat up to message ${at + 1} otherwise than in the whole chat, so what the assistant says cannot be told: mark it in the template by {% generation %} and {% endgeneration %}`,
    );
  });
}
