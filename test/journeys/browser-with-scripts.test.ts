import { makeJourneysInBrowser } from './browser.ts';

makeJourneysInBrowser('browser with JavaScript');
