import type { ChatMessage, RenderOptions } from '../hugging-face/chat-template.ts';
import type { Lesson } from './lesson.ts';

/** What chats have around the question that each begins with. */
export interface ChatFrame extends Pick<RenderOptions, 'tools' | 'variables'> {
  /** Messages before it, as one of the system. */
  readonly lead: readonly ChatMessage[];
}

/** How a chat begins. */
interface Beginning extends ChatFrame {
  readonly question: string;
}

/** What a person asks first in a lesson of messages; undefined where an answer follows none. */
export const questionOf = (lesson: Lesson): string | undefined => beginningOf(lesson)?.question;

/**
 * What the chats among some lessons all have around their questions, a part in which they differ left
 * out; undefined where none is a chat.
 */
export function chatFrame(lessons: readonly Lesson[]): ChatFrame | undefined {
  const all = lessons.flatMap((lesson) => beginningOf(lesson) ?? []);
  const [first] = all;
  if (!first) return undefined;
  const isShared = (part: keyof ChatFrame) => {
    const own = JSON.stringify(first[part]);
    return all.every((each) => JSON.stringify(each[part]) === own);
  };
  const { lead, tools, variables } = first;
  return {
    lead: isShared('lead') ? lead : [],
    ...(tools && isShared('tools') ? { tools } : {}),
    ...(variables && isShared('variables') ? { variables } : {}),
  };
}

function beginningOf(lesson: Lesson): Beginning | undefined {
  if (lesson.kind !== 'chat' && lesson.kind !== 'chat-completion') return undefined;
  const { tools, variables } = lesson;
  const messages =
    lesson.kind === 'chat' ? lesson.messages : [...lesson.prompt, ...lesson.completion];
  const at = messages.findIndex(({ role }) => role === 'user');
  const content = messages[at]?.content;
  if (typeof content !== 'string' || messages[at + 1]?.role !== 'assistant') return undefined;
  return { lead: messages.slice(0, at), question: content, tools, variables };
}
