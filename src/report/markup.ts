const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\n': '&#10;',
  '\t': '&#9;',
  '\r': '&#13;',
};

/**
 * Character data for elements and attributes of XML and HTML alike; what XML 1.0 cannot hold
 * (controls, lone surrogates, U+FFFE) becomes U+FFFD.
 */
export function escapeMarkup(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"'\n\t\r]/g, (c) => ENTITIES[c] ?? c);
}

/** Text that is markup already; only {@link markup} makes it. */
export interface Markup {
  readonly markup: string;
}

type Value = string | number | Markup | readonly Markup[];

/**
 * Markup of a template: texts and numbers among its values are escaped, markup is taken as it is.
 */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return {
    markup: parts
      .map((part, i) => part + (i < values.length ? written(values[i] as Value) : ''))
      .join(''),
  };
}

function written(value: Value): string {
  if (typeof value === 'string' || typeof value === 'number') return escapeMarkup(String(value));
  return 'markup' in value ? value.markup : value.map((one) => one.markup).join('');
}
