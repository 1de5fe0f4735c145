import { html } from 'lit';
import { type LeftOut, leftOut } from '../../bench/left-out.ts';
import type { CaseResult } from '../../report/schema.ts';
import { unitsWords } from '../messages/units.en.ts';
import { benchWords } from './bench.en.ts';
import { contenderWords } from './contenders.ts';
import { workWords } from './work-words.ts';

/** Works that are named in the line of their reason; of more the number is there, which opens. */
const NAMED = 2;

/** What was not timed, a reason a line, with all works of each; empty where there is nothing. */
export function leftOutList(results: readonly CaseResult[]) {
  return leftOut(results).map(line);
}

function line({ backends, settings, reason, ids }: LeftOut) {
  const { list } = unitsWords();
  const who = list(backends.map(contenderWords));
  const of = settings.length === 0 ? who : `${who}, ${list(settings)}`;
  const names = ids.map((id, i) => html`${i > 0 ? ', ' : ''}<code>${workWords(id)}</code>`);
  return html`<li>
    ${of}: <span lang="en">${reason}</span>
    ${
      ids.length <= NAMED
        ? html`(${names})`
        : html`<details><summary>${benchWords().works(ids.length)}</summary>${names}</details>`
    }
  </li>`;
}
