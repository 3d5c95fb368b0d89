import { makeJourneysInBrowser } from './browser.ts';

makeJourneysInBrowser('browser without JavaScript');
