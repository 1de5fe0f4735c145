import { css } from 'lit';

/**
 * Radio buttons as cards, each a label with a `.name` and with `.what` it stands for, as many in a
 * row as have room for `--option-width`.
 */
export const optionCards = css`
  fieldset {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(var(--option-width), 100%), 1fr));
    gap: var(--space-3);
  }
  label {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 0 var(--space-2);
    align-content: start;
    align-items: start;
    padding: var(--space-3) var(--space-4);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    cursor: pointer;
  }
  label:has(:checked) {
    border-color: var(--accent);
    box-shadow: inset 0 0 0 1px var(--accent);
  }
  input[type='radio'] {
    min-height: 0;
    width: 1.1rem;
    height: 1.1rem;
    margin: 0.2rem 0 0;
    accent-color: var(--accent);
  }
  .name {
    font-weight: 600;
  }
  .what {
    grid-column: 2;
  }
`;
