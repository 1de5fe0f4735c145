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
  prompt_completion: {
    fits: ({ prompt, completion }) => prompt !== undefined && completion !== undefined,
    read: readPromptCompletion,
  },
  chat: { fits: ({ messages }) => messages !== undefined, read: readChat },
  sharegpt: { fits: ({ conversations }) => conversations !== undefined, read: readShareGpt },
  dolly: {
    fits: ({ instruction, response }) => instruction !== undefined && response !== undefined,
    read: readDolly,
  },
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

function readChat({ messages, ...record }: JsonObject): Lesson | string {
  const beside = wrongMessages('messages', messages) ?? besideMessages(record);
  return typeof beside === 'string' ? beside : chatOf(messages as readonly ChatMessage[], beside);
}

/** Texts, or messages, that follow others, as TRL has them. */
function readPromptCompletion({ prompt, completion, ...record }: JsonObject): Lesson | string {
  const other = ['messages', 'conversations', 'text'].find((name) => record[name] !== undefined);
  if (other !== undefined)
    return `"prompt" and "completion" stand beside ${quote(other)}: leave either out`;
  if (typeof prompt === 'string' && text(completion))
    return { kind: 'completion', prompt, completion };
  if (!Array.isArray(prompt) || !Array.isArray(completion))
    return '"prompt" and "completion" must both be texts, or lists of messages; no completion is empty';
  const beside =
    wrongMessages('prompt', prompt) ??
    wrongMessages('completion', completion) ??
    besideMessages(record);
  if (typeof beside === 'string') return beside;
  const messages = {
    prompt: prompt as readonly ChatMessage[],
    completion: completion as readonly ChatMessage[],
  };
  return { kind: 'chat-completion', ...messages, ...beside };
}

/** What is wrong with the messages of a field. */
function wrongMessages(field: string, messages: unknown): string | undefined {
  if (!Array.isArray(messages) || messages.length === 0)
    return `${quote(field)} must be a list of at least one message`;
  const wrong = messages.findIndex((message) => !isMessage(message));
  if (wrong < 0) return undefined;
  const which = field === 'messages' ? '' : ` of ${quote(field)}`;
  return `message ${wrong + 1}${which} must have a "role" and a "content", both of them text`;
}

/** What TRL tells a template beside messages, tools by their schemas and its variables; or what is wrong. */
function besideMessages({
  tools,
  chat_template_kwargs: variables,
}: JsonObject): Pick<ChatLesson, 'tools' | 'variables'> | string {
  if (tools != null && !(Array.isArray(tools) && tools.every(isJsonObject)))
    return '"tools" must be a list of their JSON schemas';
  if (variables != null && !isJsonObject(variables))
    return '"chat_template_kwargs" must be an object of variables of the template';
  return {
    ...(tools == null ? {} : { tools: tools as readonly JsonObject[] }),
    ...(variables == null ? {} : { variables }),
  };
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

/**
 * As the recipe of Dolly writes it (`training/consts.py` of databrickslabs/dolly): the answer and its
 * end are asked.
 */
function readDolly({ instruction, context, response, output }: JsonObject): Lesson | string {
  const input = context ?? '';
  if (output !== undefined) return '"output" and "response" are both there: leave either out';
  if (!text(instruction)) return '"instruction" must be a text that is not empty';
  if (typeof input !== 'string') return '"context" must be a text';
  if (!text(response)) return '"response" must be a text that is not empty';
  const given = input === '' ? '' : `Input:\n${input}\n\n`;
  return {
    kind: 'parts',
    parts: [
      { text: `${WITHOUT_INPUT}${instruction}\n\n${given}### Response:\n`, asked: false },
      { text: `${response}\n\n### End`, asked: true },
    ],
  };
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
