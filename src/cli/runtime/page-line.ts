import type { CDPSession, Page } from 'playwright';
import {
  messageIn,
  TELL_DRIVER,
  type ToDriver,
  type ToPage,
  textOf,
} from '../../harness/headless/line.ts';

/**
 * Messages between a headless page and this process that are not answered, by the browser's own
 * protocol: Playwright's bindings answer each with a call into the page, which took a tenth of a
 * run's processor time.
 */
export class PageLine {
  readonly #session: CDPSession;

  private constructor(session: CDPSession) {
    this.#session = session;
  }

  /** `listen` is given what the page tells. Throws what Playwright throws. */
  static async open(page: Page, listen: (message: ToDriver) => void): Promise<PageLine> {
    const session = await page.context().newCDPSession(page);
    session.on('Runtime.bindingCalled', ({ name, payload }) => {
      if (name === TELL_DRIVER) listen(messageIn(payload));
    });
    await session.send('Runtime.enable');
    await session.send('Runtime.addBinding', { name: TELL_DRIVER });
    return new PageLine(session);
  }

  /** Throws when the page is gone, or refuses. */
  async tell(message: ToPage): Promise<void> {
    const { exceptionDetails } = await this.#session.send('Runtime.evaluate', {
      expression: `gradproofPage.tell(${JSON.stringify(textOf(message))})`,
    });
    if (exceptionDetails) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    }
  }

  /** Waits for all that the page told before: an answer may come by another way earlier. */
  async drain(): Promise<void> {
    await this.#session.send('Runtime.evaluate', { expression: '0' });
  }
}
