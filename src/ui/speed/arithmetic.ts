import { html, LitElement, nothing } from 'lit';
import { probeFacts } from '../../report/probe-facts.ts';
import type { Environment } from '../../report/schema.ts';
import { factTable, factTableStyles } from '../controls/fact-table.ts';
import { base } from '../controls/styles.ts';
import { arithmeticWords } from './arithmetic.en.ts';

/**
 * How a chip computes, as the probe found it, and what each thing means for the verdicts: a table.
 */
export class ArithmeticElement extends LitElement {
  static override properties = { probe: { attribute: false } };
  static override styles = [base, factTableStyles];
  declare probe: Environment['probe'] | undefined;

  override render() {
    const { title, caption, what, here, means, words } = arithmeticWords();
    const facts = this.probe ? probeFacts(this.probe, words) : [];
    if (facts.length === 0) return nothing;
    const rows = facts.map((fact) => [fact.name, fact.found, fact.means] as const);
    return html`<details>
      <summary>${title}</summary>
      ${factTable({ caption, heads: [what, here, means], rows })}
    </details>`;
  }
}

customElements.define('gp-arithmetic', ArithmeticElement);
