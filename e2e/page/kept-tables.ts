import type { Page } from '@playwright/test';

/** Puts rows in the place of the kept table; false where none is kept. */
export function plantTable(page: Page, table: Readonly<Record<string, string>>): Promise<boolean> {
  return page.evaluate(async (rows) => {
    const answerOf = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await answerOf(indexedDB.open('gradproof-tuning'));
    const store = database.transaction('tables', 'readwrite').objectStore('tables');
    const [key] = await answerOf(store.getAllKeys());
    if (key === undefined) return false;
    await answerOf(store.put(rows, key));
    database.close();
    return true;
  }, table);
}
