import type fsdp from './fsdp.json';
import type tb from './tb.json';
import type triton from './triton.json';

type Rows = typeof fsdp & typeof tb & typeof triton;

/** A row of the catalog: one behaviour that an original suite or its paper names. */
export type RowId = keyof Rows & string;

/** One clause of a row: `row/clause`. */
export type ClauseId = {
  readonly [Id in RowId]: `${Id}/${keyof Rows[Id]['clauses'] & string}`;
}[RowId];

/** What a case or a test asserts: all of a row's text, or a clause of it. */
export type Covered = RowId | ClauseId;
