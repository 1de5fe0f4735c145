import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from './page-test.ts';
import { test } from './scratch-folder.ts';
import { ended, MODEL, openTuning, QUICK, start, takeSettings } from './tune-page.ts';

const TEMPLATE = `{% for message in messages %}{{ message.role }}: {{ message.content }}
{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}`;
const CHATS = Array.from({ length: 12 }, (_, i) => ({
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: `Who lives in house ${i}?` },
    { role: 'assistant', content: 'In it lives a fox.' },
  ],
}));

test('a model of chats is asked questions as its template writes them, and one that is too long is refused', {
  tag: '@long',
}, async ({ page, folder }) => {
  const model = join(folder, 'chatty');
  cpSync(MODEL, model, { recursive: true });
  writeFileSync(join(model, 'chat_template.jinja'), TEMPLATE);
  await page.goto('/?view=train');
  await page.getByRole('radio', { name: 'A folder of yours' }).check();
  await page.getByLabel('Choose a folder').setInputFiles(model);
  await page.getByLabel('Choose a data file').setInputFiles({
    ...{ name: 'chats.jsonl', mimeType: 'application/json' },
    buffer: Buffer.from(CHATS.map((chat) => JSON.stringify(chat)).join('\n')),
  });
  await expect(page.getByText(/It takes about .* of graphics memory/)).toBeVisible();
  await takeSettings(page, { ...QUICK, heldout_fraction: 0.1, max_steps: 2, max_length: 100 });
  await expect(start(page)).toBeEnabled();
  await start(page).click();
  await ended(page);
  const question = page.getByRole('textbox', { name: /^A question, put .* by its chat template/ });
  await expect(question).toHaveValue('Who lives in house 11?');
  await expect(page.getByRole('group', { name: 'Questions to try' })).toContainText(
    'Who lives in house 0?',
  );
  await question.fill('Why? '.repeat(60));
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  for (const name of [/Answer: Before/, /Answer: Now/])
    await expect(page.getByRole('group', { name })).toContainText(
      /the question has \d+ tokens, and the model reads 100 at once: ask less, or train with a larger max_length, up to 128/,
    );
  await question.fill('Who lives here?');
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  const tuned = page.getByRole('group', { name: /Answer: After 2 steps/ });
  await expect(tuned).toHaveAttribute('aria-busy', 'false', { timeout: 20_000 });
  expect(await tuned.locator('.text').textContent()).toMatch(/^Who lives here\?\n./);
});

test('of a beginning that is too long the end is read, and that is said', {
  tag: '@long',
}, async ({ page }) => {
  await openTuning(page);
  await takeSettings(page, { ...QUICK, max_steps: 2 });
  await start(page).click();
  await ended(page);
  const beginning = page.getByRole('textbox', { name: 'The beginning of a text' });
  await beginning.fill('The fox ran home. '.repeat(40));
  await beginning.press('Enter');
  await expect(
    page.getByText(
      /^Too long: of its \d+ tokens the model read the last 80\. This run reads 128 tokens at once, question and answer together: ask less\.$/,
    ),
  ).toBeVisible();
});
