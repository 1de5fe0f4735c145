import type { HostMutant, Switch } from './host-mutant.ts';

/** A mutant and what it is called in the switch. */
export interface IndexedMutant {
  readonly mutant: HostMutant;
  readonly index: number;
}

/** In front of a module, on its first line, so that its other lines keep their numbers. */
const PRELUDE = [
  'const $mutant=globalThis.__gradproofMutant??={active:-1,reached:undefined};',
  'function $m(i){const r=$mutant.reached;if(r!==undefined)r[i]=1;return $mutant.active===i}',
  // Of a choice between two values: reached without a mutant is what would have another value.
  'function $v(i){return $mutant.active===i&&$m(i)}',
  'function $d(i,value,other){const r=$mutant.reached;',
  'if(r!==undefined&&r[i]===0&&$mutant.active===-1)',
  'try{if(!Object.is(value,other()))r[i]=1}catch{r[i]=1}return value}',
].join('');

/**
 * A module that holds the original and mutants, between which the switch of the process chooses while it
 * runs. The mutants must be of this source.
 */
export function instrument(source: string, mutants: readonly IndexedMutant[]): string {
  const edits = mutants
    .flatMap(({ mutant, index }) => mutant.switches.map((change) => editOf(change, index)))
    .sort(outerFirst);
  return edits.length === 0 ? source : PRELUDE + new Composer(source, edits).all();
}

/** Text around a part of the source; `skipped` characters of the part's beginning are left out. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
  readonly skipped: number;
}

function editOf(change: Switch, index: number): Edit {
  const { form, start } = change;
  const isActive = `$m(${index})`;
  switch (form) {
    case 'choose': {
      const { end, replacement, isPure } = change;
      return isPure
        ? {
            start,
            end,
            before: `($v(${index})?${replacement}:$d(${index},`,
            after: `,()=>(${replacement})))`,
            skipped: 0,
          }
        : { start, end, before: `(${isActive}?${replacement}:`, after: ')', skipped: 0 };
    }
    case 'skip':
      return { start, end: change.end, before: `{if(!${isActive}){`, after: '}}', skipped: 0 };
    case 'insert':
      return {
        start,
        end: start,
        before: `if(${isActive}){${change.text}}`,
        after: '',
        skipped: 0,
      };
    case 'keep': {
      const { end, keyword, name } = change;
      const after = ` ${keyword} $kept${index}=${isActive}?undefined:${name};`;
      return { start, end, before: 'const', after, skipped: keyword.length };
    }
    case 'key': {
      const { end, name, other, isShorthand } = change;
      const key = `[${isActive}?${JSON.stringify(other)}:${JSON.stringify(name)}]`;
      return isShorthand
        ? { start, end, before: `${key}:`, after: '', skipped: 0 }
        : { start, end, before: key, after: '', skipped: end - start };
    }
  }
}

/** What stands in front of a statement stands outside of all that begins with it. */
function outerFirst(a: Edit, b: Edit): number {
  const stands = ({ start, end }: Edit) => (start === end ? 0 : 1);
  return a.start - b.start || stands(a) - stands(b) || b.end - a.end;
}

/** Puts edits, which nest or stand beside each other, into a text. */
class Composer {
  readonly #source: string;
  readonly #edits: readonly Edit[];
  #next = 0;

  constructor(source: string, edits: readonly Edit[]) {
    this.#source = source;
    this.#edits = edits;
  }

  all(): string {
    return this.#part(0, this.#source.length);
  }

  #part(start: number, end: number): string {
    let text = '';
    let at = start;
    for (;;) {
      const edit = this.#edits[this.#next];
      if (!edit || edit.start >= end) break;
      this.#next++;
      if (edit.start < at || edit.end > end) throw new Error('mutants overlap without nesting');
      const inner = this.#part(edit.start + edit.skipped, edit.end);
      text += this.#source.slice(at, edit.start) + edit.before + inner + edit.after;
      at = edit.end;
    }
    return text + this.#source.slice(at, end);
  }
}
