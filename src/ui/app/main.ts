import { firstLanguage, speak } from '../messages/language.ts';

await speak(firstLanguage());
await import('./app-element.ts');
