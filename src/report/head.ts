import * as v from 'valibot';
import { type Report, reportSchema } from './schema.ts';

/** A report without its results: all that a list of runs shows. */
export const reportHead = v.omit(reportSchema, ['results']);

export type ReportHead = v.InferOutput<typeof reportHead>;

/** The head of a report. */
export function headOf({ results: _, ...head }: Report): ReportHead {
  return head;
}
