import { firstLanguage, speak } from './messages/language.ts';

await speak(firstLanguage());
await import('./elements/app.ts');
