import type { Browser } from '@playwright/test';

/** Elements of the page and of all shadow roots in it. */
const EVERY = `const every = (root) => [...root.querySelectorAll('*')].flatMap((one) => [one, ...(one.shadowRoot ? every(one.shadowRoot) : [])]);`;

/**
 * A tab that another one in the same window hides; Playwright's own pages have windows of their own
 * and never count as hidden.
 */
export class HiddenTab {
  readonly #send: (expression: string) => Promise<unknown>;

  private constructor(send: (expression: string) => Promise<unknown>) {
    this.#send = send;
  }

  static async open(browser: Browser, url: string): Promise<HiddenTab> {
    const session = await browser.newBrowserCDPSession();
    const { targetId } = await session.send('Target.createTarget', { url });
    await session.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await session.send('Target.attachToTarget', { targetId, flatten: false });
    const waiting = new Map<number, (value: unknown) => void>();
    session.on('Target.receivedMessageFromTarget', ({ message }) => {
      const { id, result } = JSON.parse(message) as {
        id: number;
        result?: { result?: { value?: unknown } };
      };
      waiting.get(id)?.(result?.result?.value);
    });
    let last = 0;
    return new HiddenTab((expression) => {
      const id = ++last;
      const message = JSON.stringify({
        id,
        method: 'Runtime.evaluate',
        params: { expression, returnByValue: true },
      });
      const answer = new Promise<unknown>((resolve) => waiting.set(id, resolve));
      return session.send('Target.sendMessageToTarget', { sessionId, message }).then(() => answer);
    });
  }

  evaluate(expression: string): Promise<unknown> {
    return this.#send(expression);
  }

  /** Whether a button or a row of a tree with this text was there and was clicked. */
  click(text: string): Promise<unknown> {
    const wanted = JSON.stringify(text);
    return this.#send(`(() => { ${EVERY} const one = every(document).find((e) => (e.localName === 'button' || e.role === 'treeitem') && !e.closest('[aria-disabled=true]')
      && e.textContent.trim().startsWith(${wanted})); one?.click(); return one !== undefined; })()`);
  }

  /** Whether a field whose label begins with this text was there and has this value now. */
  fill(label: string, value: string): Promise<unknown> {
    const wanted = JSON.stringify(label);
    return this.#send(`(() => { ${EVERY} const input = every(document).find((e) => e.localName === 'label'
      && e.textContent.trim().startsWith(${wanted}))?.querySelector('input'); if (!input) return false;
      input.value = ${JSON.stringify(value)}; input.dispatchEvent(new Event('change')); return true; })()`);
  }

  text(): Promise<unknown> {
    return this.#send(
      `(() => { ${EVERY} return every(document).map((e) => e.shadowRoot?.textContent ?? '').join(' '); })()`,
    );
  }
}
