import { css, html, LitElement, nothing } from 'lit';
import type { Constants } from '../../gpu/pipelines.ts';
import { frameWords } from '../app/frame.en.ts';
import { copyText } from '../controls/copy.ts';
import { base, controls } from '../controls/styles.ts';
import type { FaultChange, VariantInfo } from './case-source.ts';
import { casesWords } from './cases.en.ts';
import { type KernelCode, kernelCode, linesOf, tokensOf } from './kernel-code.ts';

type Form = 'written' | 'linked';

/**
 * The kernels of a case with their code: which of an op's variants was dispatched, with which
 * constants, and the line that its fault changes.
 */
export class KernelsElement extends LitElement {
  static override properties = {
    variants: { attribute: false },
    variant: { attribute: false },
    caseId: { attribute: false },
    dispatched: { attribute: false },
    pipelines: { attribute: false },
    changes: { attribute: false },
    file: { state: true },
    form: { state: true },
    code: { state: true },
    copied: { state: true },
  };
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-3);
      }
      .files {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2);
      }
      .files button {
        font-family: var(--mono);
        font-weight: 400;
        overflow-wrap: anywhere;
      }
      .sum {
        font-family: var(--mono);
        overflow-wrap: anywhere;
      }
      .ran {
        color: var(--good);
        font-family: var(--font);
      }
      .files button[aria-pressed='true'] span {
        color: inherit;
      }
      pre {
        max-block-size: 32rem;
        overflow: auto;
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        background: var(--sunken);
        font-family: var(--mono);
        font-size: 0.8125rem;
        line-height: 1.5;
        padding-block: var(--space-2);
        tab-size: 2;
      }
      code {
        display: grid;
        grid-template-columns: auto 1fr;
        font-size: inherit;
        overflow-wrap: normal;
      }
      .n {
        padding-inline: var(--space-3);
        text-align: end;
        color: var(--muted);
        user-select: none;
      }
      .l {
        padding-inline-end: var(--space-3);
        white-space: pre;
      }
      .fault {
        background: var(--warn-soft);
        box-shadow: inset 3px 0 0 var(--warn);
      }
      .set {
        background: var(--good-soft);
        box-shadow: inset 3px 0 0 var(--good);
      }
      .comment {
        color: var(--muted);
      }
      .keyword,
      .attribute {
        color: var(--accent);
      }
      .number {
        color: var(--series-2);
      }
      .value {
        color: var(--good);
        font-weight: 600;
      }
      fieldset {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2) var(--space-4);
        align-items: center;
        font-size: var(--text-s);
      }
      fieldset label {
        display: inline-flex;
        align-items: center;
        gap: var(--space-2);
        min-block-size: 1.75rem;
      }
      fieldset input {
        min-block-size: 0;
        inline-size: 1.125rem;
        block-size: 1.125rem;
      }
      @media print {
        pre {
          max-block-size: none;
          overflow: visible;
        }
        .l {
          white-space: pre-wrap;
          overflow-wrap: anywhere;
        }
      }
    `,
  ];
  declare variants: readonly VariantInfo[];
  declare caseId: string;
  /** The variant that the case asks for. */
  declare variant: string | undefined;
  /** Kernels that were dispatched, if the case has run. */
  declare dispatched: readonly string[];
  /** Constants of each dispatched kernel's pipelines, where they were looked at. */
  declare pipelines: Readonly<Record<string, readonly Constants[]>>;
  declare changes: readonly FaultChange[];
  declare file: string | undefined;
  declare form: Form;
  declare code: KernelCode | undefined;
  declare copied: boolean | undefined;

  constructor() {
    super();
    this.caseId = '';
    this.variants = [];
    this.dispatched = [];
    this.pipelines = {};
    this.changes = [];
    this.form = 'written';
  }

  override willUpdate(): void {
    this.file ??=
      this.dispatched[0] ??
      this.variants.find(({ name }) => name === this.variant)?.kernels[0] ??
      this.variants[0]?.kernels[0];
    if (this.file && !this.code) this.#load(this.file);
  }

  override render() {
    const { kernels } = casesWords();
    const files = [
      ...new Set([...this.dispatched, ...this.variants.flatMap((variant) => variant.kernels)]),
    ];
    if (files.length === 0) return html`<p class="small muted">${kernels.none}</p>`;
    return html`
      <div class="files" role="group" aria-label=${kernels.title}>
        ${files.map(
          (
            file,
          ) => html`<button class="quiet" aria-pressed=${file === this.file} @click=${() => this.#choose(file)}>
            ${file} <span class="muted">${this.#variantsOf(file)}</span>${this.dispatched.includes(file) ? html` <span class="ran">${kernels.dispatched}</span>` : nothing}
          </button>`,
        )}
      </div>
      <fieldset>
        <legend class="visually-hidden">${kernels.form}</legend>
        ${(['written', 'linked'] as const).map(
          (form) =>
            html`<label><input type="radio" name="form" .checked=${form === this.form} @change=${() => this.#show(form)} />${kernels.forms[form]}</label>`,
        )}
        <button class="quiet" @click=${this.#copy}>${kernels.copy}</button>
        <span role="status">${this.copied === undefined ? nothing : this.copied ? casesWords().python.copied : casesWords().python.cannotCopy}</span>
      </fieldset>
      ${this.code ? html`${this.#code(this.code[this.form])}${hash(this.code)}` : html`<p class="small muted">${frameWords().loading}</p>`}
    `;
  }

  /** Names of the variants that a kernel belongs to, where there are several. */
  #variantsOf(file: string): string {
    if (this.variants.length < 2) return '';
    return this.variants
      .filter(({ kernels }) => kernels.includes(file))
      .map(({ name }) => name)
      .join(', ');
  }

  #code(code: string) {
    const { kernels } = casesWords();
    const faulty = new Set(
      this.changes.flatMap((change) =>
        change.kind === 'shader' && change.file === this.file ? linesOf(code, change.from) : [],
      ),
    );
    const used = this.file ? (this.pipelines[this.file] ?? []) : [];
    return html`<pre tabindex="0" aria-label=${kernels.code(this.file ?? '')} lang="en"><code>${code
      .split('\n')
      .map((line, i) => {
        const constant = /^\s*(?:@id\(\d+\)\s*)?override\s+(\w+)/.exec(line)?.[1];
        const values = constant
          ? [...new Set(used.flatMap((constants) => constants[constant] ?? []))]
          : [];
        const tone = faulty.has(i + 1) ? 'fault' : values.length > 0 ? 'set' : '';
        return html`<span class="n ${tone}" aria-hidden="true">${i + 1}</span><span class="l ${tone}">${tokensOf(line).map(({ kind, text }) => (kind === 'text' ? text : html`<span class=${kind}>${text}</span>`))}${
          values.length > 0
            ? html`<span class="value">  // ${kernels.here(values.join(', '))}</span>`
            : nothing
        }${faulty.has(i + 1) ? html`<span class="value">  // ${kernels.faultHere}</span>` : nothing}
</span>`;
      })}</code></pre>`;
  }

  #choose(file: string): void {
    this.file = file;
    this.code = undefined;
    this.copied = undefined;
  }

  #show(form: Form): void {
    this.form = form;
    this.copied = undefined;
  }

  async #load(file: string): Promise<void> {
    const code = await kernelCode(file, this.caseId);
    if (file === this.file && code) this.code = code;
  }

  async #copy(): Promise<void> {
    if (this.code) this.copied = await copyText(this.code[this.form]);
  }
}

/** By which the same text is known in another browser. */
const hash = ({ sha256 }: KernelCode) =>
  html`<p class="small muted">${casesWords().kernels.hash} <span class="sum">${sha256}</span></p>`;

customElements.define('gp-kernels', KernelsElement);
