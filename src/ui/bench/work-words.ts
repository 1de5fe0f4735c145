import { html } from 'lit';
import { workName } from './contenders.ts';

/** The name of a work, which breaks between its parts alone. */
export function workWords(id: string) {
  return workName(id)
    .split(/(?<=[:;])/)
    .map((part, i) => html`${i > 0 ? html`<wbr>` : ''}${part}`);
}
