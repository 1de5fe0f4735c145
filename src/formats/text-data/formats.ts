import { quote } from '../format-error.ts';
import type { ChatMessage } from '../hugging-face/chat-template.ts';
import { isJsonObject, type JsonObject } from '../strict-json.ts';
import { guanacoTurns } from './guanaco.ts';
import type { ChatLesson, Lesson } from './lesson.ts';

/** How a record of JSON is read. */
interface RecordFormat {
  /** Whether a record looks like one. */
  readonly fits: (record: JsonObject) => boolean;
  /** What it asks, or what is wrong with it. */
  readonly read: (record: JsonObject) => Lesson | string;
}

const text = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

/** Formats of records, the more special first. */
export const RECORD_FORMATS = {
  chat: { fits: ({ messages }) => messages !== undefined, read: readChat },
  sharegpt: { fits: ({ conversations }) => conversations !== undefined, read: readShareGpt },
  alpaca: { fits: ({ instruction }) => instruction !== undefined, read: readAlpaca },
  guanaco: {
    fits: (record) => text(record['text']) && guanacoTurns(record['text']) !== undefined,
    read: readGuanaco,
  },
  text: { fits: (record) => record['text'] !== undefined, read: readText },
} as const satisfies Readonly<Record<string, RecordFormat>>;

/** The name of a format of records. */
export type RecordFormatName = keyof typeof RECORD_FORMATS;

/** The name of the format that a record looks like. */
export const formatOf = (record: JsonObject): RecordFormatName | undefined =>
  (Object.keys(RECORD_FORMATS) as RecordFormatName[]).find((name) =>
    RECORD_FORMATS[name].fits(record),
  );

function readText(record: JsonObject): Lesson | string {
  const value = record['text'];
  return text(value)
    ? { kind: 'document', text: value }
    : '"text" must be a text that is not empty';
}

function readGuanaco(record: JsonObject): Lesson | string {
  const parts = text(record['text']) ? guanacoTurns(record['text']) : undefined;
  return parts
    ? { kind: 'parts', parts }
    : '"text" must begin with "### Human:" and have an answer after "### Assistant:"';
}

/** A chat with what TRL tells a template beside it: tools by their schemas, and its variables. */
function readChat({
  messages,
  tools,
  chat_template_kwargs: variables,
}: JsonObject): Lesson | string {
  if (!Array.isArray(messages) || messages.length === 0)
    return '"messages" must be a list of at least one message';
  const wrong = messages.findIndex((message) => !isMessage(message));
  if (wrong >= 0)
    return `message ${wrong + 1} must have a "role" and a "content", both of them text`;
  if (tools != null && !(Array.isArray(tools) && tools.every(isJsonObject)))
    return '"tools" must be a list of their JSON schemas';
  if (variables != null && !isJsonObject(variables))
    return '"chat_template_kwargs" must be an object of variables of the template';
  return chatOf(messages as readonly ChatMessage[], {
    ...(tools == null ? {} : { tools }),
    ...(variables == null ? {} : { variables }),
  });
}

const isMessage = (message: unknown): boolean =>
  isJsonObject(message) &&
  text(message['role']) &&
  (typeof message['content'] === 'string' || Array.isArray(message['tool_calls']));

const chatOf = (
  messages: readonly ChatMessage[],
  beside: Pick<ChatLesson, 'tools' | 'variables'> = {},
): Lesson | string =>
  messages.some(({ role }) => role === 'assistant')
    ? { kind: 'chat', messages, ...beside }
    : "no message is the assistant's, so there is nothing to learn";

/** Who speaks, by the words of the field. */
const ROLES: Readonly<Record<string, string>> = {
  ...{ system: 'system', human: 'user', user: 'user' },
  ...{ gpt: 'assistant', chatgpt: 'assistant', assistant: 'assistant', model: 'assistant' },
  ...{ tool: 'tool', function_response: 'tool', observation: 'tool' },
};

function readShareGpt({ conversations }: JsonObject): Lesson | string {
  if (!Array.isArray(conversations) || conversations.length === 0)
    return '"conversations" must be a list of at least one turn';
  const messages: ChatMessage[] = [];
  for (const turn of conversations) {
    const { from, value } = isJsonObject(turn) ? turn : {};
    const role = typeof from === 'string' && Object.hasOwn(ROLES, from) ? ROLES[from] : undefined;
    if (role === undefined)
      return `turn ${messages.length + 1} has ${typeof from === 'string' ? `"from" ${quote(from)}` : 'no "from"'}: known are ${Object.keys(ROLES).join(', ')}`;
    if (typeof value !== 'string') return `turn ${messages.length + 1} must have a text as "value"`;
    messages.push({ role, content: value });
  }
  return chatOf(messages);
}

/** Stanford Alpaca's prompts, with an input and without. */
const WITH_INPUT =
  'Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the request.\n\n### Instruction:\n';
const WITHOUT_INPUT =
  'Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\n';

function readAlpaca({ instruction, input: given, output }: JsonObject): Lesson | string {
  const input = given ?? '';
  if (!text(instruction)) return '"instruction" must be a text that is not empty';
  if (typeof input !== 'string') return '"input" must be a text';
  if (!text(output)) return '"output" must be a text that is not empty';
  const prompt =
    input === ''
      ? `${WITHOUT_INPUT}${instruction}\n\n### Response:`
      : `${WITH_INPUT}${instruction}\n\n### Input:\n${input}\n\n### Response:`;
  return {
    kind: 'parts',
    parts: [
      { text: prompt, asked: false },
      { text: output, asked: true },
    ],
  };
}
