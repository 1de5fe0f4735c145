import { messageOf } from '../errors.ts';
import { FormatError, quote } from './format-error.ts';
import type { PartFile } from './part-file.ts';
import { type JsonObject, parseJsonObject } from './strict-json.ts';
import { DataFileError, FaultList } from './text-data/data-file-error.ts';
import { formatOf, RECORD_FORMATS, type RecordFormatName } from './text-data/formats.ts';
import { guanacoChats, guanacoTurns } from './text-data/guanaco.ts';
import type { Lesson } from './text-data/lesson.ts';
import { beginningOf, type RawRecord, recordsIn } from './text-data/records.ts';

/** Beyond this a text in memory is more than the engines of JavaScript take twice. */
const MOST_BYTES = 2 ** 27;

/** How texts to learn from may be written: a plain text, or records of JSON. */
export type TextFormat = 'plain' | RecordFormatName;

/** All formats. */
export const TEXT_FORMATS = ['plain', ...Object.keys(RECORD_FORMATS)] as readonly TextFormat[];

/** A lesson, and the line of the file that it begins in, counted from 1. */
export interface LessonAt {
  readonly line: number;
  readonly lesson: Lesson;
}

/** What a data file holds. */
export interface TextData {
  readonly format: TextFormat;
  readonly lessons: readonly LessonAt[];
}

/**
 * Reads texts to learn from: a plain text, or JSON with a record a line or an array of records. The
 * format is told by the first record that is JSON, or by `format`; what is no JSON is a plain text,
 * unless its name says otherwise. Throws {@link DataFileError} that tells every record that cannot be read with its line (the first ten, and how many more), and
 * FormatError for a file that is empty, too large or no text.
 */
export async function readTextData(file: PartFile, format?: TextFormat): Promise<TextData> {
  if (file.bytes > MOST_BYTES)
    throw new FormatError(
      `the data file has ${file.bytes} bytes, and at most ${MOST_BYTES} are read: give a part of it`,
    );
  const bytes = file.bytes > 0 ? await file.read(0, file.bytes) : new Uint8Array();
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError('the data file is no text in UTF-8: save it as UTF-8', { cause });
  }
  if (text.trim() === '') throw new FormatError('the data file is empty: give texts to learn from');
  return textDataOf(text, format, file.called);
}

/** The names of files that hold JSON. */
const JSON_NAME = /\.(?:jsonl?|ndjson)$/i;

function textDataOf(
  text: string,
  format: TextFormat | undefined,
  called: string | undefined,
): TextData {
  const records = recordsIn(text);
  if (records && format !== 'plain') return readRecords(records, format);
  const isOpen = format === undefined && !(called && JSON_NAME.test(called));
  if (format === 'guanaco' || (isOpen && guanacoTurns(text))) return readChats(text);
  if (format === 'plain' || isOpen)
    return { format: 'plain', lessons: [{ line: 1, lesson: { kind: 'document', text } }] };
  throw noRecords(text, format, called);
}

/** What to throw for a text that its name or format says to be JSON, and that begins otherwise. */
function noRecords(
  text: string,
  format: TextFormat | undefined,
  called: string | undefined,
): DataFileError {
  const { line, begins } = beginningOf(text);
  const faults = new FaultList();
  const plain = format === undefined ? ', or dataset_format "plain"' : '';
  faults.add(
    line,
    `${quote(begins)} begins no record: give one a line, such as {"text": "..."}, or an array of them${plain}`,
  );
  const says =
    format === undefined
      ? `its name ${quote(called ?? '')} says`
      : `the format ${quote(format)} is`;
  return new DataFileError(faults, `the data file is no JSON, which ${says}`);
}

function readChats(text: string): TextData {
  const faults = new FaultList();
  const chats = guanacoChats(text);
  const lessons = chats.flatMap(({ line, text: chat }): LessonAt[] => {
    const parts = guanacoTurns(chat);
    if (parts) return [{ line, lesson: { kind: 'parts', parts } }];
    faults.add(
      line,
      'a chat must begin with "### Human:" and have an answer after "### Assistant:"',
    );
    return [];
  });
  return told(faults, chats.length, { format: 'guanaco', lessons });
}

function readRecords(records: readonly RawRecord[], given: RecordFormatName | undefined): TextData {
  const parsed = records.map(({ line, json }) => ({ line, ...parsedOr(json) }));
  const first = parsed.find(({ record }) => record !== undefined)?.record;
  const name = given ?? (first ? requireFormat(first) : 'text');
  const faults = new FaultList();
  if (parsed.length === 0) faults.add(1, `there is no record: ${FIELDS}`);
  const lessons = parsed.flatMap(({ line, record, fault }): LessonAt[] => {
    const lesson = record ? RECORD_FORMATS[name].read(record) : fault;
    if (typeof lesson === 'object') return [{ line, lesson }];
    faults.add(line, lesson ?? '');
    return [];
  });
  return told(faults, records.length, { format: name, lessons });
}

function parsedOr(json: string): { record?: JsonObject; fault?: string } {
  try {
    return { record: parseJsonObject(json, 'the record') };
  } catch (error) {
    return { fault: messageOf(error) };
  }
}

/** The format that a record looks like. Throws FormatError. */
function requireFormat(record: JsonObject): RecordFormatName {
  const name = formatOf(record);
  if (name !== undefined) return name;
  const fields = Object.keys(record).slice(0, 5).map(quote).join(', ');
  throw new FormatError(
    `the data file has records of no format that is known, with the fields ${fields}: ${FIELDS}`,
  );
}

const FIELDS =
  'give "messages", "conversations", "prompt" and "completion", "instruction" and "output" or "response", or "text" in each record';

/** The data, or all of their faults. */
function told(faults: FaultList, count: number, data: TextData): TextData {
  if (faults.count === 0) return data;
  throw new DataFileError(faults, `${faults.count} of ${count} records cannot be read`);
}
