import { css, html, LitElement, nothing } from 'lit';
import { DEFAULT_TRAINING } from '../../train/config.ts';
import { optionCards } from '../controls/option-cards.ts';
import { base, controls } from '../controls/styles.ts';
import { trainingWords } from './training.en.ts';
import { trainingBytes } from './training-forecast.ts';

/** The longest run that a page offers; the command line has no such limit. */
const MOST_STEPS = 100_000;

/** Steps of each preset; every other setting is the default of a run. */
const STEPS = { short: 150, usual: DEFAULT_TRAINING.steps, long: 2000 } as const;
const PRESETS = ['short', 'usual', 'long', 'own'] as const;
type Preset = (typeof PRESETS)[number];

/**
 * How long to train: presets, or a number of steps of one's own, with the memory that it takes.
 * Fires `steps` when another number is chosen.
 */
export class StepsChoice extends LitElement {
  static override properties = {
    textBytes: { attribute: false },
    preset: { state: true },
    stepsText: { state: true },
    bytes: { state: true },
  };
  static override styles = [
    base,
    controls,
    optionCards,
    css`
      :host {
        --option-width: 15rem;
      }
      input[type='number'] {
        width: 6.5rem;
      }
      /* Room for what is reckoned, so that nothing below it moves. */
      #steps-hint {
        margin-block-start: var(--space-3);
        min-block-size: 1lh;
      }
      @media (max-width: 30rem) {
        #steps-hint {
          min-block-size: 2lh;
        }
      }
    `,
  ];
  /** Size of the text that is learnt; undefined while there is none. */
  declare textBytes: number | undefined;
  /** The preset that is chosen. */
  declare preset: Preset;
  /** What the field for one's own number of steps holds. */
  declare stepsText: string;
  /** Memory that the run will need; undefined until it is reckoned. */
  declare bytes: number | undefined;
  #reckoned = '';
  #told: number | undefined = DEFAULT_TRAINING.steps;

  constructor() {
    super();
    this.preset = 'usual';
    this.stepsText = String(DEFAULT_TRAINING.steps);
  }

  override render() {
    const words = trainingWords();
    const wrong = this.steps === undefined;
    return html`
      <fieldset>
        <legend>${words.howLong}</legend>
        ${PRESETS.map(
          (name) => html`<label>
            <input type="radio" name="preset" .checked=${this.preset === name} @change=${() => this.#choosePreset(name)} />
            <span class="name">${words.presets[name].name}</span>
            ${
              name === 'own'
                ? html`<span class="what row">
                    <input
                      type="number"
                      min="1"
                      max=${MOST_STEPS}
                      aria-label=${words.steps}
                      aria-invalid=${this.preset === 'own' && wrong}
                      aria-describedby="steps-hint"
                      .value=${this.stepsText}
                      @input=${this.#chooseSteps}
                    />
                    <span class="muted" aria-hidden="true">${words.steps}</span>
                  </span>`
                : html`<span class="what small muted">${words.presets[name].what(STEPS[name])}</span>`
            }
          </label>`,
        )}
      </fieldset>
      <p id="steps-hint" class="small muted" role=${wrong ? 'alert' : nothing}>
        ${wrong ? words.stepsWrong(MOST_STEPS) : this.bytes === undefined ? nothing : words.takes(this.bytes)}
      </p>
    `;
  }

  #choosePreset(name: Preset): void {
    this.preset = name;
  }

  #chooseSteps(event: Event): void {
    this.preset = 'own';
    this.stepsText = (event.target as HTMLInputElement).value;
  }

  /** The steps that are chosen; undefined when the field names none that can be run. */
  get steps(): number | undefined {
    if (this.preset !== 'own') return STEPS[this.preset];
    const steps = Number(this.stepsText);
    return Number.isInteger(steps) && steps >= 1 && steps <= MOST_STEPS ? steps : undefined;
  }

  override updated(): void {
    const { steps, textBytes } = this;
    if (steps !== this.#told) this.dispatchEvent(new Event('steps'));
    this.#told = steps;
    const asked = `${steps} ${textBytes}`;
    if (steps === undefined || asked === this.#reckoned) return;
    this.#reckoned = asked;
    trainingBytes(steps, textBytes).then((bytes) => {
      if (asked === this.#reckoned) this.bytes = bytes;
    });
  }
}

customElements.define('gp-steps-choice', StepsChoice);
